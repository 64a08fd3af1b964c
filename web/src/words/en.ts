import { oneIn, shareAbove } from '../verification/odds';

const count = new Intl.NumberFormat('en');
const share = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 0 });

/** "1 in 240,000", which does not break over lines. */
const odds = (rate: number): string => `1 in ${count.format(oneIn(rate))}`.replaceAll(' ', '\u00a0');

export const en = {
	name: 'English',
	title: 'Is this the same person?',
	lead: 'Add the portrait from an identity document and a photo taken now. truename compares the two faces and says how sure it is.',
	skip: 'Skip to the pictures',
	toLight: 'Light',
	toDark: 'Dark',
	toLightLong: 'Switch to light colours',
	toDarkLong: 'Switch to dark colours',

	/** Between two sentences, and between the items of a list. */
	gap: ' ',
	comma: ', ',
	settings: 'Language and colours',

	notices: {
		stored: { title: 'Nothing is stored.', text: 'Both pictures are compared in memory and then forgotten.' },
		liveness: {
			title: 'No liveness check.',
			text: 'This page compares two pictures. A photo of a photo passes here.',
		},
	},

	pictures: 'The two pictures',
	use: { portrait: 'Document portrait', live: 'Live photo' },
	useHint: { portrait: 'From the document', live: 'Taken now' },
	choose: 'Choose file',
	chooseFor: { portrait: 'Choose file: document portrait', live: 'Choose file: live photo' },
	take: 'Use camera',
	takeFor: { portrait: 'Use camera: document portrait', live: 'Use camera: live photo' },
	/** Both again, short, under a picture that is there and can be changed. */
	chooseShort: 'File',
	takeShort: 'Camera',
	drop: 'Drop or paste a picture here',
	dropNow: 'Drop the picture here',
	notPicture: 'That was no picture.',
	notShown: 'This browser cannot show this file. It is sent as it is.',
	picked: {
		portrait: (name: string) => `Document portrait: ${name}`,
		live: (name: string) => `Live photo: ${name}`,
	},
	taken: 'photo from the camera',
	pasted: 'pasted picture',
	outlined: 'with the face outlined',
	wholePictures: 'Show whole pictures',
	closeUps: 'Show the faces close up',

	compare: 'Compare the faces',
	needs: {
		both: 'Add two pictures to compare them.',
		portrait: 'The document portrait is still missing.',
		live: 'The live photo is still missing.',
	},
	comparing: 'Comparing the two faces…',
	waiting: (seconds: number) => `The server is busy. Trying again in ${seconds} s.`,
	waitingOnce: 'The server is busy. The pictures are sent again shortly.',
	cancel: 'Cancel',
	cancelled: 'Cancelled. Nothing was concluded.',
	again: 'Try again',
	restart: 'Compare other pictures',

	verdict: {
		match: { short: 'Yes.', long: 'The two faces match.' },
		no_match: { short: 'No.', long: 'The two faces do not match.' },
		unusable: { short: 'Can’t say.', long: 'Nothing was compared, because a picture cannot be used.' },
	},
	caveat: {
		match: 'This does not show that the person was really there.',
		no_match: 'They are not alike enough for the limit that the operator has set. Better pictures can change that.',
		unusable: 'This is no statement about the person.',
	},
	scale: 'False-match rate',
	rate: (rate: number) =>
		rate > shareAbove
			? `Two strangers look at least this alike in ${share.format(rate)} of comparisons.`
			: `Two strangers look this alike in about ${odds(rate)} comparisons.`,
	rateUnder: (rate: number) => `Two strangers look this alike in fewer than ${odds(rate)} comparisons.`,
	interval: (low: number, high: number) => {
		const end = (rate: number) => (rate > shareAbove ? share.format(rate) : odds(rate));
		return low > 0 ? `95 % confidence: ${end(high)} to ${end(low)}` : `95 % confidence: at most ${end(high)}`;
	},
	target: (rate: number) => `Operator’s limit: ${odds(rate)}`,
	targetShort: 'limit',
	tick: (n: number) => (n >= 1_000_000 ? '1 million' : count.format(n)),
	scaleStart: '1 in 10',
	weaker: 'often',
	stronger: 'rarely',

	findings: { portrait: 'About the document portrait', live: 'About the live photo' },
	good: 'Nothing to improve.',
	unusableBecause: 'Cannot be used',
	hints: 'For a better picture',
	faces: (n: number) => (n === 0 ? 'no face found' : n === 1 ? 'one face' : `${count.format(n)} faces`),
	measures: 'Measurements',
	measureHead: { name: 'Measure', value: 'Value', limit: 'Limit', status: 'Judgement' },
	measure: {
		inter_eye_distance: 'Distance between the eyes',
		sharpness: 'Sharpness',
		under_exposure: 'Too dark (share)',
		over_exposure: 'Too bright (share)',
		illumination_uniformity: 'Evenness of light',
		yaw: 'Turned sideways',
		pitch: 'Raised or lowered',
		roll: 'Tilted',
		eyes_open: 'Eyes open',
		crop: 'Face inside the picture (share)',
		compression: 'JPEG quality',
	} as Record<string, string>,
	status: { good: 'good', poor: 'could be better', unusable: 'unusable' },
	unit: { px: 'px', deg: '°' } as Record<string, string>,
	number: (value: number) => new Intl.NumberFormat('en', { maximumSignificantDigits: 3 }).format(value),
	model: 'Recogniser',
	score: 'comparison score',
	threshold: 'needed',

	camera: {
		title: { portrait: 'Photograph the document portrait', live: 'Take the live photo' },
		hint: {
			portrait: 'Lay the document flat and fill the frame with its portrait.',
			live: 'Look straight into the camera, with light on the face.',
		},
		starting: 'Starting the camera…',
		choose: 'Camera',
		unnamed: (n: number) => `Camera ${n}`,
		shoot: 'Take photo',
		close: 'Close',
		view: 'Camera picture',
		failure: {
			denied: {
				title: 'The camera is not allowed.',
				remedy: 'Allow the camera for this page in the browser’s settings, or choose a file instead.',
			},
			missing: { title: 'No camera was found.', remedy: 'Connect a camera, or choose a file instead.' },
			occupied: {
				title: 'The camera cannot be used right now.',
				remedy: 'Close other programs that use it and try again, or choose a file instead.',
			},
			insecure: {
				title: 'The browser offers no camera here.',
				remedy: 'Browsers allow it only over HTTPS or on this machine itself. Choose a file instead.',
			},
			lost: { title: 'The camera stopped.', remedy: 'Connect it again and try once more, or choose a file instead.' },
		},
	},

	failed: 'There is no result.',
	failedCalm: 'This says nothing about the person.',
	failure: {
		network: {
			title: 'The server cannot be reached.',
			remedy: 'Check the connection and try again. Very large pictures can have the same effect.',
		},
		timeout: { title: 'The server did not answer in time.', remedy: 'Try again in a moment.' },
		unexpected: {
			title: 'The server’s answer cannot be understood.',
			remedy: 'Reload the page. If it happens again, tell whoever runs this server.',
		},
	},
	serverSays: 'The server says',
	affects: { portrait: 'This is about the document portrait.', live: 'This is about the live photo.' },

	/** Per truename.Code, those of httpapi included: what is wrong, and what to do about it. */
	code: {
		unsupported_type: {
			title: 'This file is not a picture that can be read.',
			remedy: 'Use a JPEG, PNG, WebP or HEIC file.',
		},
		too_large: { title: 'The file is too large.', remedy: 'Use a smaller file, or take the photo at a lower resolution.' },
		too_many_pixels: { title: 'The picture has too many pixels.', remedy: 'Take the photo at a lower resolution.' },
		truncated: { title: 'The file ends too early.', remedy: 'Transfer it again: part of it is missing.' },
		corrupt: { title: 'The file is damaged.', remedy: 'Transfer it again, or take another photo.' },
		busy: { title: 'The server has too much to do right now.', remedy: 'Try again in a moment.' },
		timeout: { title: 'The comparison took too long.', remedy: 'Try again in a moment, or use smaller pictures.' },
		engine_failure: {
			title: 'The comparison itself failed.',
			remedy: 'Try again. If it happens again, tell whoever runs this server.',
		},
		model_pack: {
			title: 'The server’s models are missing or not accepted.',
			remedy: 'Whoever runs this server has to install the model pack.',
		},
		runtime: {
			title: 'The server cannot load its inference library.',
			remedy: 'Whoever runs this server has to install the runtime.',
		},
		invalid_request: { title: 'The request is incomplete.', remedy: 'Add both pictures and try again.' },
		malformed_body: { title: 'The pictures arrived damaged.', remedy: 'Try again.' },
		unsupported_media_type: {
			title: 'The server does not take what this page sends.',
			remedy: 'Reload the page: it may be older than the server.',
		},
		body_timeout: { title: 'Sending the pictures took too long.', remedy: 'Try again with a better connection, or use smaller pictures.' },
		not_found: { title: 'The server does not know this request.', remedy: 'Reload the page: it may be older than the server.' },
		method_not_allowed: {
			title: 'The server does not allow this request.',
			remedy: 'Reload the page: it may be older than the server.',
		},
		cross_origin: {
			title: 'The server does not take requests from this address.',
			remedy: 'Open the page at the server’s own address.',
		},
		shutting_down: { title: 'The server is being restarted.', remedy: 'Try again in a moment.' },
		internal: { title: 'Something went wrong in the server.', remedy: 'Try again. If it happens again, tell whoever runs this server.' },
		unauthenticated: { title: 'You are not signed in.', remedy: 'Sign in and try again.' },
		forbidden: { title: 'You may not do this.', remedy: 'Ask somebody whose task it is.' },
		consent_missing: { title: 'There is no consent to this yet.', remedy: 'Record the consent first, or take the way without a face.' },
		stale: { title: 'Somebody else has changed this meanwhile.', remedy: 'Reload and decide anew.' },
		wrong_state: { title: 'This is not possible at this stage.', remedy: 'Reload to see where the request stands.' },
		webhook_target_refused: { title: 'This address cannot be called.', remedy: 'Use https and a public address.' },
		identity_provider: { title: 'The sign-in service does not answer.', remedy: 'Try again later.' },
		request_in_progress: { title: 'This request is still being answered.', remedy: 'Wait a moment and try again.' },
		idempotency_key_reused: { title: 'This request was mixed up with another.', remedy: 'Reload the page and try again.' },
		incomplete: { title: 'Something is still missing.', remedy: 'Do the steps that are left, then ask again.' },
		attempts_exhausted: { title: 'All attempts are used up.', remedy: 'A member of staff can help you; the way without a face remains.' },
		capture_expired: { title: 'The time for this recording is over.', remedy: 'Begin the recording again.' },
		number_taken: { title: 'This number is taken.', remedy: 'Choose another number.' },
		token_invalid: { title: 'The approval is no longer valid.', remedy: 'Ask for a new one.' },
		erased: { title: 'These data have been erased.', remedy: 'Begin anew, if you wish.' },
		rate_limited: { title: 'Too many requests.', remedy: 'Wait a moment and try again.' },
		records: { title: 'The server cannot reach its records.', remedy: 'Try again later. Nothing was decided.' },
		vault: { title: 'The server cannot reach its keys.', remedy: 'Try again later. Nothing was decided.' },
		clock: { title: 'The server’s clock is wrong.', remedy: 'Tell whoever runs the server. Nothing was decided.' },
		policy_pack: { title: 'The server’s rules cannot be used.', remedy: 'Tell whoever runs the server. Nothing was decided.' },
		no_face: { title: 'There is no face in this picture.', remedy: 'Use a picture that shows the whole face from the front.' },
		several_faces: {
			title: 'There are several faces, and none clearly is the main one.',
			remedy: 'Use a picture with one person only.',
		},
		face_too_small: { title: 'The face is too small.', remedy: 'Move closer, or use a picture with more pixels.' },
		blurred: { title: 'The face is blurred.', remedy: 'Hold still and let the camera focus.' },
		underexposed: { title: 'The face is too dark.', remedy: 'Turn on a light in front of the face.' },
		overexposed: { title: 'The face is too bright.', remedy: 'Move out of the direct light.' },
		uneven_light: { title: 'One side of the face is much darker.', remedy: 'Turn towards the light.' },
		turned_away: { title: 'The head is turned or tilted too far.', remedy: 'Look straight into the camera.' },
		eyes_closed: { title: 'The eyes are closed.', remedy: 'Open both eyes. Where that is not possible, use the way without a face comparison.' },
		cropped: { title: 'Part of the face is outside the picture.', remedy: 'Bring the whole face into the picture.' },
		compressed: {
			title: 'Compression has removed too much detail.',
			remedy: 'Use the original file, not a copy sent through a messenger.',
		},
		not_a_face: { title: 'This does not look like a human face.', remedy: 'Use a photo of a person’s face, without a mask.' },
	} as Record<string, { title: string; remedy: string }>,

	/** Per truename.Guidance: what the person can do. */
	guidance: {
		show_face: 'Bring the face into the picture.',
		one_person: 'Only one person in the picture.',
		move_closer: 'Move closer to the camera.',
		move_back: 'Move back a little, so that the whole face fits.',
		hold_still: 'Hold still and let the camera focus.',
		more_light: 'Find more light.',
		less_light: 'Move out of the direct light.',
		face_the_light: 'Turn towards the light, so that both sides are lit.',
		look_ahead: 'Look straight into the camera.',
		head_upright: 'Hold the head upright.',
		open_eyes: 'Open both eyes.',
		whole_face: 'Show the whole face, from chin to forehead.',
		better_portrait: 'Photograph the document from closer, or read the portrait from its chip.',
		original_file: 'Use the original file, not a copy sent through a messenger.',
	} as Record<string, string>,
};

export type Words = typeof en;
