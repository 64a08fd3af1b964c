// Runs a network on TensorFlow.js itself, to compare the converted one with.
//
//   node reference.mjs NODE_MODULES dlib|facemesh < RGB > FLOATS
//
// NODE_MODULES holds @vladmandic/face-api, @vladmandic/human and @tensorflow/*. RGB is the network's picture, one byte
// per channel, row by row. FLOATS are the outputs (facemesh: mesh, then face flag), 32-bit, little-endian.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [modules, network] = process.argv.slice(2);
const require = createRequire(join(modules, 'reference.js'));
const tf = require('@tensorflow/tfjs');
const wasm = require('@tensorflow/tfjs-backend-wasm');
const rgb = new Uint8Array(readFileSync(0));

wasm.setWasmPaths(join(modules, '@tensorflow/tfjs-backend-wasm/dist/'));
if (!(await tf.setBackend('wasm'))) throw new Error('the wasm backend does not start');

const outputs = network === 'dlib' ? await dlib() : await facemesh();
process.stdout.write(Buffer.concat(outputs.map((o) => Buffer.from(o.buffer, o.byteOffset, o.byteLength))));

async function dlib() {
  const faceapi = require('@vladmandic/face-api/dist/face-api.node-wasm.js');
  await faceapi.nets.faceRecognitionNet.loadFromDisk(join(modules, '@vladmandic/face-api/model'));
  return [await faceapi.computeFaceDescriptor(tf.tensor3d(rgb, [150, 150, 3], 'int32'))];
}

async function facemesh() {
  const model = JSON.parse(readFileSync(join(modules, '@vladmandic/human/models/facemesh.json'), 'utf8'));
  const weights = readFileSync(join(modules, '@vladmandic/human/models/facemesh.bin'));
  const net = await tf.loadGraphModel(tf.io.fromMemory({
    ...model,
    weightSpecs: model.weightsManifest.flatMap((group) => group.weights),
    weightData: weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.byteLength),
  }));
  const input = tf.tensor4d(rgb, [1, 192, 192, 3], 'float32').div(255);
  const results = net.execute(input, ['output_mesh', 'output_faceflag']);
  return results.map((r) => r.dataSync());
}
