/**
 * Readers turn parsed JSON into typed values and throw where it has another shape. What the server sends decides what
 * the page tells a person, so it is never cast unread.
 */
export type Reader<T> = (value: unknown, at: string) => T;

export class ShapeError extends Error {}

export const text: Reader<string> = (value, at) => {
	if (typeof value !== 'string') throw new ShapeError(`${at} is not a string`);
	return value;
};

export const number: Reader<number> = (value, at) => {
	if (typeof value !== 'number' || !Number.isFinite(value)) throw new ShapeError(`${at} is not a number`);
	return value;
};

export function oneOf<const T extends string>(...allowed: T[]): Reader<T> {
	return (value, at) => {
		const found = allowed.find((a) => a === value);
		if (found === undefined) throw new ShapeError(`${at} is none of ${allowed.join(', ')}`);
		return found;
	};
}

export function nullable<T>(read: Reader<T>): Reader<T | null> {
	return (value, at) => (value === null || value === undefined ? null : read(value, at));
}

/** A list; null, Go's empty slice, is an empty list. */
export function list<T>(read: Reader<T>): Reader<T[]> {
	return (value, at) => {
		if (value === null) return [];
		if (!Array.isArray(value)) throw new ShapeError(`${at} is not a list`);
		return value.map((item, i) => read(item, `${at}[${i}]`));
	};
}

export const pair: Reader<[number, number]> = (value, at) => {
	if (!Array.isArray(value) || value.length !== 2) throw new ShapeError(`${at} is not a pair`);
	return [number(value[0], `${at}[0]`), number(value[1], `${at}[1]`)];
};

type Shape = Record<string, Reader<unknown>>;
type Shaped<S extends Shape> = { [K in keyof S]: ReturnType<S[K]> };

/** An object with at least these members; `members` names them, so that a test can hold them against the Go type. */
export function object<S extends Shape>(shape: S): Reader<Shaped<S>> & { members: string[] } {
	const read = (value: unknown, at: string): Shaped<S> => {
		if (typeof value !== 'object' || value === null) throw new ShapeError(`${at} is not an object`);
		const members = value as Record<string, unknown>;
		return Object.fromEntries(
			Object.entries(shape).map(([name, member]) => [name, member(members[name], `${at}.${name}`)]),
		) as Shaped<S>;
	};
	return Object.assign(read, { members: Object.keys(shape) });
}
