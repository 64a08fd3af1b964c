/** The browser's cameras (Media Capture and Streams), with every way in which they fail named. */
export type CameraFailure = 'denied' | 'missing' | 'occupied' | 'insecure' | 'lost';

/** Opens one camera by id, or the one that faces the given way. Rejects with a DOMException, see {@link failureOf}. */
export async function openCamera(id: string | null, facing: 'user' | 'environment'): Promise<MediaStream> {
	// Outside a secure context there is no mediaDevices, whatever its type says.
	const devices = navigator.mediaDevices as MediaDevices | undefined;
	if (!devices) throw new DOMException('no media devices', 'SecurityError');
	return devices.getUserMedia({
		audio: false,
		video: {
			width: { ideal: 1280 },
			height: { ideal: 960 },
			...(id === null ? { facingMode: { ideal: facing } } : { deviceId: { exact: id } }),
		},
	});
}

export async function listCameras(): Promise<MediaDeviceInfo[]> {
	const devices = await navigator.mediaDevices.enumerateDevices();
	return devices.filter((d) => d.kind === 'videoinput' && d.deviceId !== '');
}

export function failureOf(error: unknown): CameraFailure {
	switch (error instanceof DOMException ? error.name : '') {
		case 'NotAllowedError':
			return 'denied';
		case 'NotFoundError':
		case 'OverconstrainedError':
			return 'missing';
		case 'SecurityError':
			return 'insecure';
		default:
			return 'occupied';
	}
}

/** The frame that the video shows, as a JPEG that loses next to nothing. Never mirrored, whatever the preview does. */
export async function shoot(video: HTMLVideoElement): Promise<Blob> {
	const canvas = document.createElement('canvas');
	canvas.width = video.videoWidth;
	canvas.height = video.videoHeight;
	const context = canvas.getContext('2d');
	if (!context || canvas.width === 0) throw new Error('no frame to take');
	context.drawImage(video, 0, 0);
	return new Promise((resolve, reject) => {
		canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture made'))), 'image/jpeg', 0.95);
	});
}

export function stop(stream: MediaStream): void {
	for (const track of stream.getTracks()) track.stop();
}
