import { oneIn, shareAbove } from '../verification/odds';
import type { Words } from './en';

// 24万, 8300: numbers are grouped by ten thousands in Chinese.
const compact = new Intl.NumberFormat('zh-CN', { notation: 'compact', maximumSignificantDigits: 2 });
const share = new Intl.NumberFormat('zh-CN', { style: 'percent', maximumFractionDigits: 0 });

const spaced = (n: number): string => compact.format(n).replace(/(\d)(万|亿)/, '$1 $2');

/** “ 24 万分之一”, “万分之一”: a space before a digit, none before a character, and no line break inside. */
const odds = (rate: number): string => {
	const n = oneIn(rate);
	if (n === 10_000) return held('万分之一');
	return ` ${held(`${spaced(n)} 分之一`.replace(/(万|亿) /, '$1'))}`;
};

/** Text that does not break over lines: no-break spaces, and word joiners between the characters. */
const held = (text: string): string => [...text.replaceAll(' ', '\u00a0')].join('\u2060');

export const zhCN: Words = {
	name: '中文',
	title: '是同一个人吗？',
	lead: '请提供证件上的人像和一张现场拍摄的照片。truename 比对两张人脸，并说明结论有多可靠。',
	skip: '跳到图片',
	toLight: '浅色',
	toDark: '深色',
	toLightLong: '切换为浅色',
	toDarkLong: '切换为深色',

	gap: '',
	comma: '，',
	settings: '语言与配色',

	notices: {
		stored: { title: '不留存任何数据。', text: '两张图片只在内存中比对，用完即弃。' },
		liveness: { title: '不做活体检测。', text: '本页只比对两张图片，翻拍的照片在这里也能通过。' },
	},

	pictures: '两张图片',
	use: { portrait: '证件人像', live: '现场照片' },
	useHint: { portrait: '来自身份证件', live: '本人当场拍摄' },
	choose: '选择文件',
	chooseFor: { portrait: '选择文件：证件人像', live: '选择文件：现场照片' },
	take: '使用摄像头',
	takeFor: { portrait: '使用摄像头：证件人像', live: '使用摄像头：现场照片' },
	chooseShort: '文件',
	takeShort: '摄像头',
	drop: '可将图片拖到或粘贴到这里',
	dropNow: '松开即可放入图片',
	notPicture: '这不是图片。',
	notShown: '浏览器无法显示此文件，仍会原样发送。',
	picked: {
		portrait: (name) => `证件人像：${name}`,
		live: (name) => `现场照片：${name}`,
	},
	taken: '摄像头拍摄的照片',
	pasted: '粘贴的图片',
	outlined: '已框出人脸',
	wholePictures: '显示完整图片',
	closeUps: '放大人脸',

	compare: '比对人脸',
	needs: {
		both: '请先放入两张图片。',
		portrait: '还缺证件人像。',
		live: '还缺现场照片。',
	},
	comparing: '正在比对两张人脸……',
	waiting: (seconds) => `服务器繁忙，${seconds} 秒后自动重试。`,
	waitingOnce: '服务器繁忙，稍后自动重试。',
	cancel: '取消',
	cancelled: '已取消，没有得出任何结论。',
	again: '重试',
	restart: '比对其他图片',

	verdict: {
		match: { short: '是。', long: '两张人脸匹配。' },
		no_match: { short: '否。', long: '两张人脸不匹配。' },
		unusable: { short: '无法判断。', long: '有图片不符合要求，因此没有进行比对。' },
	},
	caveat: {
		match: '这并不能证明本人当时在场。',
		no_match: '相似程度没有达到运营方设定的要求。换用更清晰的图片，结果可能不同。',
		unusable: '这不代表对本人的任何判断。',
	},
	scale: '误匹配率',
	rate: (rate) =>
		rate > shareAbove
			? `两个陌生人之间，约 ${share.format(rate)} 的比对至少有这么像。`
			: `两个陌生人像到这种程度的概率约为${odds(rate)}。`,
	rateUnder: (rate) => `两个陌生人像到这种程度的概率低于${odds(rate)}。`,
	interval: (low, high) => {
		const end = (rate: number) => (rate > shareAbove ? ` ${share.format(rate)}` : odds(rate));
		return low > 0 ? `95% 置信区间：${end(high).trimStart()}至${end(low)}` : `95% 置信上限：${end(high).trimStart()}`;
	},
	target: (rate) => `运营方的上限：${odds(rate).trimStart()}`,
	targetShort: '上限',
	tick: (n) => spaced(n),
	scaleStart: '1/10',
	weaker: '常见',
	stronger: '罕见',

	findings: { portrait: '关于证件人像', live: '关于现场照片' },
	good: '没有需要改进之处。',
	unusableBecause: '无法使用',
	hints: '怎样拍得更好',
	faces: (n) => (n === 0 ? '未发现人脸' : `${n} 张人脸`),
	measures: '测量数据',
	measureHead: { name: '项目', value: '数值', limit: '限值', status: '判定' },
	measure: {
		inter_eye_distance: '两眼间距',
		sharpness: '清晰度',
		under_exposure: '过暗比例',
		over_exposure: '过亮比例',
		illumination_uniformity: '光照均匀度',
		yaw: '左右转动',
		pitch: '抬头或低头',
		roll: '左右倾斜',
		eyes_open: '双眼睁开',
		crop: '面部在画面内的比例',
		compression: 'JPEG 压缩质量',
	},
	status: { good: '良好', poor: '有待改善', unusable: '无法使用' },
	unit: { px: '像素', deg: '°' },
	number: (value) => new Intl.NumberFormat('zh-CN', { maximumSignificantDigits: 3 }).format(value),
	model: '识别模型',
	score: '比对得分',
	threshold: '阈值',

	camera: {
		title: { portrait: '拍摄证件人像', live: '拍摄现场照片' },
		hint: {
			portrait: '将证件放平，让证件上的人像充满取景框。',
			live: '正视摄像头，让光线照在脸上。',
		},
		starting: '正在启动摄像头……',
		choose: '摄像头',
		unnamed: (n) => `摄像头 ${n}`,
		shoot: '拍照',
		close: '关闭',
		view: '摄像头画面',
		failure: {
			denied: { title: '未获准使用摄像头。', remedy: '请在浏览器设置中允许本页面使用摄像头，或改为选择文件。' },
			missing: { title: '未找到摄像头。', remedy: '请连接摄像头，或改为选择文件。' },
			occupied: { title: '摄像头暂时无法使用。', remedy: '请关闭正在使用摄像头的其他程序后重试，或改为选择文件。' },
			insecure: {
				title: '浏览器在此处不提供摄像头。',
				remedy: '只有通过 HTTPS 或在本机访问时，浏览器才允许使用摄像头。请改为选择文件。',
			},
			lost: { title: '摄像头已停止工作。', remedy: '请重新连接后再试，或改为选择文件。' },
		},
	},

	failed: '没有得出结果。',
	failedCalm: '这不代表对本人的任何判断。',
	failure: {
		network: { title: '无法连接服务器。', remedy: '请检查网络后重试。图片过大时也可能出现这种情况。' },
		timeout: { title: '服务器未及时响应。', remedy: '请稍后重试。' },
		unexpected: { title: '无法理解服务器的答复。', remedy: '请刷新页面。如果再次出现，请告知服务器的管理人员。' },
	},
	serverSays: '服务器说明',
	affects: { portrait: '问题出在证件人像。', live: '问题出在现场照片。' },

	code: {
		unsupported_type: { title: '此文件不是可读取的图片。', remedy: '请使用 JPEG、PNG、WebP 或 HEIC 文件。' },
		too_large: { title: '文件过大。', remedy: '请使用较小的文件，或以较低的分辨率拍摄。' },
		too_many_pixels: { title: '图片的像素过多。', remedy: '请以较低的分辨率拍摄。' },
		truncated: { title: '文件不完整。', remedy: '文件缺少一部分，请重新传输。' },
		corrupt: { title: '文件已损坏。', remedy: '请重新传输，或重新拍摄。' },
		busy: { title: '服务器当前过于繁忙。', remedy: '请稍后重试。' },
		timeout: { title: '比对用时过长。', remedy: '请稍后重试，或使用较小的图片。' },
		engine_failure: { title: '比对过程本身出错。', remedy: '请重试。如果再次出现，请告知服务器的管理人员。' },
		model_pack: { title: '服务器的模型缺失或未被接受。', remedy: '需要由服务器的管理人员安装模型包。' },
		runtime: { title: '服务器无法加载推理库。', remedy: '需要由服务器的管理人员安装运行库。' },
		invalid_request: { title: '请求不完整。', remedy: '请放入两张图片后重试。' },
		malformed_body: { title: '图片在传输中损坏。', remedy: '请重试。' },
		unsupported_media_type: { title: '服务器不接受本页面发送的内容。', remedy: '页面可能已过期，请刷新。' },
		body_timeout: { title: '发送图片用时过长。', remedy: '请在网络较好时重试，或使用较小的图片。' },
		not_found: { title: '服务器无法识别此请求。', remedy: '页面可能已过期，请刷新。' },
		method_not_allowed: { title: '服务器不允许此请求。', remedy: '页面可能已过期，请刷新。' },
		cross_origin: { title: '服务器不接受来自此地址的请求。', remedy: '请通过服务器自身的地址打开本页面。' },
		shutting_down: { title: '服务器正在重新启动。', remedy: '请稍后重试。' },
		internal: { title: '服务器内部出错。', remedy: '请重试。如果再次出现，请告知服务器的管理人员。' },
		unauthenticated: { title: '您尚未登录。', remedy: '请登录后重试。' },
		forbidden: { title: '您无权进行此操作。', remedy: '请联系负责此事的人员。' },
		consent_missing: { title: '尚未取得同意。', remedy: '请先记录同意，或选择不使用人脸的方式。' },
		stale: { title: '其他人已修改了此内容。', remedy: '请刷新后重新决定。' },
		wrong_state: { title: '当前阶段无法进行此操作。', remedy: '请刷新以查看办理进度。' },
		webhook_target_refused: { title: '无法调用此地址。', remedy: '请使用 https 和公网地址。' },
		identity_provider: { title: '登录服务没有响应。', remedy: '请稍后再试。' },
		request_in_progress: { title: '此请求仍在处理中。', remedy: '请稍候再试。' },
		idempotency_key_reused: { title: '此请求与另一请求混淆。', remedy: '请刷新页面后重试。' },
		incomplete: { title: '办理步骤尚未完成。', remedy: '请完成剩余步骤后再试。' },
		attempts_exhausted: { title: '尝试次数已用完。', remedy: '请联系工作人员；您仍可选择不使用人脸的方式。' },
		capture_expired: { title: '本次拍摄已超时。', remedy: '请重新开始拍摄。' },
		number_taken: { title: '该号码已被占用。', remedy: '请选择其他号码。' },
		token_invalid: { title: '批准已失效。', remedy: '请重新获取。' },
		erased: { title: '这些数据已被删除。', remedy: '如有需要，请重新办理。' },
		rate_limited: { title: '请求过于频繁。', remedy: '请稍候重试。' },
		records: { title: '服务器无法访问其记录。', remedy: '请稍后重试。尚未作出任何决定。' },
		vault: { title: '服务器无法访问其密钥。', remedy: '请稍后重试。尚未作出任何决定。' },
		clock: { title: '服务器时钟有误。', remedy: '请告知服务器的管理人员。尚未作出任何决定。' },
		policy_pack: { title: '服务器的规则无法使用。', remedy: '请告知服务器的管理人员。尚未作出任何决定。' },
		no_face: { title: '图片中没有人脸。', remedy: '请使用能看到完整正脸的图片。' },
		several_faces: { title: '图片中有多张人脸，无法确定以谁为准。', remedy: '请使用只有一个人的图片。' },
		face_too_small: { title: '人脸过小。', remedy: '请靠近一些，或使用像素更高的图片。' },
		blurred: { title: '人脸模糊。', remedy: '请保持不动，等待摄像头对焦。' },
		underexposed: { title: '人脸过暗。', remedy: '请在面部前方增加光线。' },
		overexposed: { title: '人脸过亮。', remedy: '请避开直射的强光。' },
		uneven_light: { title: '面部一侧明显偏暗。', remedy: '请转向光源。' },
		turned_away: { title: '头部转动或倾斜过大。', remedy: '请正视摄像头。' },
		eyes_closed: { title: '眼睛处于闭合状态。', remedy: '请睁开双眼。如无法做到，请选择不比对人脸的办理方式。' },
		cropped: { title: '面部有一部分在画面之外。', remedy: '请让整张脸进入画面。' },
		compressed: { title: '压缩造成的细节损失过多。', remedy: '请使用原始文件，不要使用聊天软件转发的副本。' },
		not_a_face: { title: '看起来不像真人的面部。', remedy: '请使用未佩戴面具的人脸照片。' },
	},

	guidance: {
		show_face: '请让面部进入画面。',
		one_person: '画面中只能有一个人。',
		move_closer: '请靠近摄像头。',
		move_back: '请稍微后退，让整张脸进入画面。',
		hold_still: '请保持不动，等待摄像头对焦。',
		more_light: '请到光线更亮的地方。',
		less_light: '请避开直射的强光。',
		face_the_light: '请转向光源，让面部两侧受光均匀。',
		look_ahead: '请正视摄像头。',
		head_upright: '请保持头部端正。',
		open_eyes: '请睁开双眼。',
		whole_face: '请露出从下巴到额头的整张脸。',
		better_portrait: '请靠近拍摄证件，或从证件芯片中读取人像。',
		original_file: '请使用原始文件，不要使用聊天软件转发的副本。',
	},
};
