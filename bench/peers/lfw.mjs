// The pairs format of Labeled Faces in the Wild, View 2, and the figures computed on it.
//
// A pairs file starts with FOLDS<TAB>N; each fold has N genuine rows (NAME I J) and N impostor rows (NAME I OTHER J).
// The picture (NAME, I) is NAME/NAME_000I.jpg.
import { readFileSync } from 'node:fs';

// readPairs gives the rows of the first limitFolds folds as { fold, genuine, a, b }, a and b being relative paths.
export function readPairs(file, limitFolds = Infinity) {
  const [header, ...rows] = readFileSync(file, 'utf8').split('\n').filter((line) => line.trim() !== '');
  const [folds, perFold] = header.split('\t').map(Number);
  if (!(folds >= 1 && perFold >= 1 && rows.length === 2 * folds * perFold)) {
    throw new Error(`${file}: the header ${JSON.stringify(header)} does not fit ${rows.length} rows`);
  }
  return rows.slice(0, 2 * perFold * Math.min(folds, limitFolds)).map((row, i) => {
    const cells = row.trim().split('\t');
    const fold = Math.floor(i / (2 * perFold));
    if (cells.length === 3) return { fold, genuine: true, a: picture(cells[0], cells[1]), b: picture(cells[0], cells[2]) };
    if (cells.length === 4) return { fold, genuine: false, a: picture(cells[0], cells[1]), b: picture(cells[2], cells[3]) };
    throw new Error(`${file}: row ${i + 2} has ${cells.length} cells, not 3 or 4`);
  });
}

// writePairs is the inverse, for pairs whose folds have equally many genuine and impostor rows.
export function writePairs(pairs) {
  const folds = 1 + Math.max(...pairs.map((p) => p.fold));
  const rows = pairs.map(({ genuine, a, b }) => {
    const [nameA, i] = personAndNumber(a);
    const [nameB, j] = personAndNumber(b);
    return (genuine ? [nameA, i, j] : [nameA, i, nameB, j]).join('\t');
  });
  return [`${folds}\t${pairs.length / folds / 2}`, ...rows, ''].join('\n');
}

// pictures lists each picture once, in the order of the pairs.
export const pictures = (pairs) => [...new Set(pairs.flatMap(({ a, b }) => [a, b]))];

function picture(name, number) {
  return `${name}/${name}_${number.padStart(4, '0')}.jpg`;
}

function personAndNumber(path) {
  const [, name, number] = path.match(/^(.+)\/\1_(\d+)\.jpg$/);
  return [name, Number(number)];
}

// tarAtFar gives the share of genuine pairs accepted at the strictest threshold that still accepts the share far of the
// impostor pairs; null when there are too few of these to accept even one. pairs have a distance, Infinity where a face
// was not found.
export function tarAtFar(pairs, far) {
  const impostors = pairs.filter((p) => !p.genuine).map((p) => p.distance).sort((x, y) => x - y);
  const genuine = pairs.filter((p) => p.genuine);
  const accepted = Math.floor(impostors.length * far + 1e-9);
  if (accepted < 1 || genuine.length === 0) return null;
  const threshold = impostors[accepted] ?? Infinity; // the first impostor that must not be accepted
  return genuine.filter((p) => p.distance < threshold).length / genuine.length;
}

// accuracy gives mean and standard deviation over the folds of the share of right answers, each with the threshold that
// is best on the other folds; null when there is one fold only.
export function accuracy(pairs) {
  const folds = [...new Set(pairs.map((p) => p.fold))];
  if (folds.length < 2) return null;
  const shares = folds.map((fold) => {
    const threshold = bestThreshold(pairs.filter((p) => p.fold !== fold));
    const tested = pairs.filter((p) => p.fold === fold);
    return tested.filter((p) => p.distance < threshold === p.genuine).length / tested.length;
  });
  const mean = shares.reduce((sum, s) => sum + s, 0) / shares.length;
  const variance = shares.reduce((sum, s) => sum + (s - mean) ** 2, 0) / (shares.length - 1);
  return { mean, std: Math.sqrt(variance) };
}

// bestThreshold lies halfway between two neighbouring distances.
function bestThreshold(pairs) {
  const sorted = pairs.filter((p) => p.distance < Infinity).sort((x, y) => x.distance - y.distance);
  let right = 0;
  let best = { right: 0, threshold: 0 };
  sorted.forEach((p, i) => {
    right += p.genuine ? 1 : -1;
    const next = sorted[i + 1]?.distance ?? p.distance + 1;
    if (right > best.right && next > p.distance) best = { right, threshold: (p.distance + next) / 2 };
  });
  return best.threshold;
}

// spread gives median and 95th percentile.
export function spread(values) {
  const sorted = [...values].sort((x, y) => x - y);
  const at = (q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
  return { median: at(0.5), p95: at(0.95) };
}
