package verification

import "truename"

// Result of one verification, as the command line prints it and the API returns it.
type Result struct {
	Outcome truename.Outcome `json:"outcome" enum:"match,no_match,unusable" doc:"match: the score reaches the threshold; no_match: it does not; unusable: a picture cannot be used, nothing was compared"`
	Score   *float64         `json:"score" nullable:"true" doc:"comparison score, cosine of the two templates, -1..1; null when nothing was compared"`
	FMR     *float64         `json:"fmr" nullable:"true" doc:"false-match rate at this score: the share of impostor comparisons in the calibration data that score at least as high; null when nothing was compared"`
	// FMRInterval is the 95 % confidence interval of FMR.
	FMRInterval *[2]float64 `json:"fmr_interval" nullable:"true" doc:"95 % confidence interval of fmr, lower and upper"`
	Threshold   float64     `json:"threshold" doc:"lowest score that counts as a match, from target_fmr by the calibration table"`
	TargetFMR   float64     `json:"target_fmr" doc:"false-match rate that the operator accepts"`
	Model       string      `json:"model" doc:"recogniser and effort that made both templates"`
	Reasons     []Reason    `json:"reasons" nullable:"false" doc:"why a picture is unusable; empty otherwise"`
	Portrait    Sample      `json:"portrait" doc:"the reference: the portrait on the document"`
	Live        Sample      `json:"live" doc:"the probe: the photo taken now"`
	// TimingsMS maps stage names to milliseconds: decode, detect, landmarks, quality, template, match, total.
	TimingsMS map[string]float64 `json:"timings_ms" doc:"milliseconds per stage, both pictures together"`
}

// Reason is one fact that makes a sample unusable.
type Reason struct {
	Sample truename.Use  `json:"sample" enum:"portrait,live"`
	Code   truename.Code `json:"code" doc:"stable code, for example no_face, several_faces, face_too_small"`
	Detail string        `json:"detail" doc:"what is wrong, in English"`
	Remedy string        `json:"remedy" doc:"what to do about it, in English"`
}

// Sample says what was found in one picture. Coordinates are pixels of the upright picture, origin at its top left.
type Sample struct {
	Width     int                 `json:"width" doc:"pixels, upright"`
	Height    int                 `json:"height" doc:"pixels, upright"`
	Faces     int                 `json:"faces" doc:"number of faces found"`
	Dominance float64             `json:"dominance" doc:"how clearly the chosen face is the main one: 1 − (second largest area / largest area), 1 when it is alone, 0 without a face"`
	Box       *Box                `json:"box" nullable:"true" doc:"the chosen face; null without one"`
	Landmarks [][2]float64        `json:"landmarks" nullable:"false" doc:"68 points x,y of the chosen face in the iBUG order; empty without one"`
	Pose      *Pose               `json:"pose" nullable:"true"`
	Quality   []Measure           `json:"quality" nullable:"false" doc:"component measures in the vocabulary of ISO/IEC 29794-5"`
	Guidance  []truename.Guidance `json:"guidance" nullable:"false" doc:"what the person can do for a better picture, most helpful first"`
}

// Box of a face: an upright square or rectangle, turned by Angle about its centre.
type Box struct {
	X      float64 `json:"x" doc:"left edge before turning"`
	Y      float64 `json:"y" doc:"top edge before turning"`
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
	Angle  float64 `json:"angle" doc:"degrees, clockwise as seen; 0 for an upright face"`
}

// Pose of the head in degrees. Negative yaw: the nose points to the picture's right. Negative pitch: down.
type Pose struct {
	Yaw   float64 `json:"yaw"`
	Pitch float64 `json:"pitch"`
	Roll  float64 `json:"roll"`
}

// Measure is one component of sample quality.
type Measure struct {
	Name     string            `json:"name" enum:"inter_eye_distance,sharpness,under_exposure,over_exposure,illumination_uniformity,yaw,pitch,roll,eyes_open,crop,compression"`
	Value    float64           `json:"value"`
	Limit    float64           `json:"limit" doc:"beyond this value the picture is unusable"`
	Advice   float64           `json:"advice" doc:"beyond this value guidance is given, but the picture is used"`
	Unit     string            `json:"unit" doc:"px, deg, or empty for a ratio"`
	Status   string            `json:"status" enum:"good,poor,unusable"`
	Guidance truename.Guidance `json:"guidance,omitempty" doc:"what to do about it, when status is not good"`
}
