// Runs npm @vladmandic/face-api over the pictures of a pairs file, in one process on one thread, on the WebAssembly
// backend with SIMD: detector, landmarks, descriptor. By default the way its documentation recommends for speed, with
// the tiny face detector and the tiny landmark network; `--detector ssd --landmarks full` is its accurate way.
//
//   node face-api.mjs --images DIR --pairs FILE [--limit-folds N] [--detector tiny|ssd] [--input-size 160] [--landmarks tiny|full] [--json]
//
// Pictures are decoded by jpeg-js; times are given with and without it. The first pictures warm the engine up and are
// run again for the figures. A picture in which no face is found accepts nobody.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import jpeg from 'jpeg-js';
import { accuracy, pictures, readPairs, spread, tarAtFar } from './lfw.mjs';

const { values: options } = parseArgs({
  options: {
    images: { type: 'string' },
    pairs: { type: 'string' },
    'limit-folds': { type: 'string', default: 'Infinity' },
    detector: { type: 'string', default: 'tiny' },
    'input-size': { type: 'string', default: '160' },
    landmarks: { type: 'string', default: 'tiny' },
    json: { type: 'boolean', default: false },
  },
});
if (!options.images || !options.pairs) throw new Error('--images and --pairs are needed');
if (!['tiny', 'ssd'].includes(options.detector)) throw new Error('--detector is neither tiny nor ssd');
if (!['tiny', 'full'].includes(options.landmarks)) throw new Error('--landmarks is neither tiny nor full');

const started = performance.now();
const { faceapi, tf, backend } = await load();
const detector = options.detector === 'tiny'
  ? new faceapi.TinyFaceDetectorOptions({ inputSize: Number(options['input-size']) })
  : new faceapi.SsdMobilenetv1Options();
const pairs = readPairs(options.pairs, Number(options['limit-folds']));
const files = pictures(pairs);

for (const file of files.slice(0, 10)) await analyse(file);
const results = new Map();
const warm = performance.now();
for (const file of files) results.set(file, await analyse(file));
const seconds = (performance.now() - warm) / 1000;

for (const pair of pairs) pair.distance = distance(results.get(pair.a).descriptor, results.get(pair.b).descriptor);
report();

async function load() {
  const require = createRequire(import.meta.url);
  const tf = require('@tensorflow/tfjs');
  const wasm = require('@tensorflow/tfjs-backend-wasm');
  wasm.setWasmPaths(join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'dist/'));
  wasm.setThreadsCount(1);
  if (!(await tf.setBackend('wasm'))) throw new Error('the wasm backend does not start');
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  const faceapi = require('@vladmandic/face-api/dist/face-api.node-wasm.js');
  const models = join(dirname(require.resolve('@vladmandic/face-api/package.json')), 'model');
  const nets = faceapi.nets;
  for (const net of [
    options.detector === 'tiny' ? nets.tinyFaceDetector : nets.ssdMobilenetv1,
    options.landmarks === 'tiny' ? nets.faceLandmark68TinyNet : nets.faceLandmark68Net,
    nets.faceRecognitionNet,
  ]) await net.loadFromDisk(models);
  return { faceapi, tf, backend: { name: tf.getBackend(), simd, threads: 1 } };
}

// analyse gives the descriptor of the picture's face, if one is found, and the milliseconds it took.
async function analyse(file) {
  const start = performance.now();
  const picture = jpeg.decode(readFileSync(join(options.images, file)), { useTArray: true, formatAsRGBA: false });
  const decoded = performance.now();
  const tensor = tf.tensor3d(picture.data, [picture.height, picture.width, 3], 'int32');
  const found = await faceapi.detectSingleFace(tensor, detector).withFaceLandmarks(options.landmarks === 'tiny').withFaceDescriptor();
  tensor.dispose();
  const end = performance.now();
  return { descriptor: found?.descriptor, decode: decoded - start, engine: end - decoded, total: end - start };
}

function distance(a, b) {
  return a && b ? faceapi.euclideanDistance(a, b) : Infinity;
}

function report() {
  const measured = [...results.values()];
  const sum = (key) => measured.reduce((total, r) => total + r[key], 0);
  const right = accuracy(pairs);
  const out = {
    peer: `@vladmandic/face-api ${faceapi.version}`,
    backend,
    detector: options.detector,
    input_size: options.detector === 'tiny' ? Number(options['input-size']) : null,
    landmarks: options.landmarks,
    images: files.length,
    failures_to_acquire: measured.filter((r) => !r.descriptor).length,
    pairs: {
      count: pairs.length,
      accuracy: right && right.mean,
      accuracy_std: right && right.std,
      tar_at_far: { '1e-2': tarAtFar(pairs, 1e-2), '1e-3': tarAtFar(pairs, 1e-3) },
    },
    images_per_s: files.length / seconds,
    images_per_s_without_decode: files.length / (sum('engine') / 1000),
    ms_per_image: spread(measured.map((r) => r.total)),
    ms_per_image_without_decode: spread(measured.map((r) => r.engine)),
    decode_ms_per_image: spread(measured.map((r) => r.decode)),
    wall_s: (performance.now() - started) / 1000,
  };
  out['tar_at_far_1e-3'] = out.pairs.tar_at_far['1e-3'];
  console.log(options.json ? JSON.stringify(out) : out);
}
