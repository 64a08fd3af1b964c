/** Problem documents (RFC 9457) with this API's own members: code, remedy, request_id, and sample where one picture is at fault. */
import { nullable, number, object, text } from './read';
import { use } from './result';

export const problem = object({
	title: nullable(text),
	status: nullable(number),
	detail: nullable(text),
	code: nullable(text),
	remedy: nullable(text),
	sample: nullable(use),
	request_id: nullable(text),
});
export type Problem = ReturnType<typeof problem>;
