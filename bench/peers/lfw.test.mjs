import { strictEqual, deepStrictEqual, throws } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { accuracy, pictures, readPairs, spread, tarAtFar, writePairs } from './lfw.mjs';

const dir = mkdtempSync(join(tmpdir(), 'lfw-'));
after(() => rmSync(dir, { recursive: true }));
const file = (text) => {
  const path = join(dir, 'pairs.txt');
  writeFileSync(path, text);
  return path;
};
const text = '2\t1\nAnn_Lee\t1\t12\nAnn_Lee\t1\tBo\t3\nBo\t3\t4\nBo\t4\tCy\t1\n';

test('pairs are read, limited and written back', () => {
  const pairs = readPairs(file(text));
  deepStrictEqual(pairs[0], { fold: 0, genuine: true, a: 'Ann_Lee/Ann_Lee_0001.jpg', b: 'Ann_Lee/Ann_Lee_0012.jpg' });
  deepStrictEqual(pairs[3], { fold: 1, genuine: false, a: 'Bo/Bo_0004.jpg', b: 'Cy/Cy_0001.jpg' });
  deepStrictEqual(readPairs(file(text), 1), pairs.slice(0, 2));
  strictEqual(writePairs(pairs), text);
  strictEqual(pictures(pairs).length, 5);
});

test('a header that does not fit, or a row of another form, is an error', () => {
  throws(() => readPairs(file('2\t2\nAnn\t1\t2\n')), /does not fit/);
  throws(() => readPairs(file('1\t1\nAnn\t1\nAnn\t1\tBo\t2\n')), /cells/);
});

const made = (genuine, distances, fold = 0) => distances.map((distance) => ({ genuine, distance, fold }));

test('TAR at FAR: as many impostors as allowed, not one more', () => {
  const impostors = made(false, Array.from({ length: 1000 }, (_, i) => 10 + i));
  strictEqual(tarAtFar([...impostors, ...made(true, [1, 10.5, 11, 12])], 1e-3), 0.5); // threshold 11
  strictEqual(tarAtFar([...impostors, ...made(true, [1, Infinity])], 1e-3), 0.5); // not found is not accepted
  strictEqual(tarAtFar([...impostors.slice(1), ...made(true, [1])], 1e-3), null); // 999 cannot support 1e-3
});

test('accuracy takes its threshold from the other folds', () => {
  const fold = (n, shift) => [...made(true, [1 + shift, 2 + shift], n), ...made(false, [8 + shift, 9 + shift], n)];
  deepStrictEqual(accuracy([...fold(0, 0), ...fold(1, 0)]), { mean: 1, std: 0 });
  strictEqual(accuracy([...fold(0, 0), ...fold(1, 100)]).mean, 0.5);
  strictEqual(accuracy(fold(0, 0)), null);
});

test('spread', () => {
  deepStrictEqual(spread(Array.from({ length: 100 }, (_, i) => 100 - i)), { median: 51, p95: 96 });
});
