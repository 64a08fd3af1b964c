package truename

// Outcome of a comparison of one probe with one reference (verification, ISO/IEC 19795-1).
type Outcome string

const (
	// OutcomeMatch: the comparison score reaches the threshold of the target false-match rate.
	OutcomeMatch Outcome = "match"
	// OutcomeNoMatch: it does not.
	OutcomeNoMatch Outcome = "no_match"
	// OutcomeUnusable: at least one sample cannot be used, so nothing was compared or concluded.
	OutcomeUnusable Outcome = "unusable"
)

// Use says which side of a comparison a sample is on; the limits on its quality differ.
type Use string

const (
	// UsePortrait is the reference: the portrait on an identity document.
	UsePortrait Use = "portrait"
	// UseLive is the probe: a photo taken now, of the person who is present.
	UseLive Use = "live"
)

// Reasons why a readable picture cannot be used.
const (
	// ReasonNoFace: the search ran to its end and found no face.
	ReasonNoFace Code = "no_face"
	// ReasonSeveralFaces: more than one face, and none clearly dominant.
	ReasonSeveralFaces Code = "several_faces"
	// ReasonFaceTooSmall: fewer pixels between the eyes than the limit.
	ReasonFaceTooSmall Code = "face_too_small"
	// ReasonBlurred: sharpness below the limit.
	ReasonBlurred Code = "blurred"
	// ReasonUnderexposed: the face is too dark.
	ReasonUnderexposed Code = "underexposed"
	// ReasonOverexposed: the face is too bright.
	ReasonOverexposed Code = "overexposed"
	// ReasonUnevenLight: one side of the face is much darker than the other.
	ReasonUnevenLight Code = "uneven_light"
	// ReasonTurnedAway: the head is turned, raised, lowered or tilted too far.
	ReasonTurnedAway Code = "turned_away"
	// ReasonEyesClosed: both eyes appear closed.
	ReasonEyesClosed Code = "eyes_closed"
	// ReasonCropped: part of the face lies outside the picture.
	ReasonCropped Code = "cropped"
	// ReasonCompressed: the compression has removed too much detail.
	ReasonCompressed Code = "compressed"
	// ReasonNotAFace: the detector answers, but the face mesh does not recognise a human face in it (a mask, a drawing).
	ReasonNotAFace Code = "not_a_face"
)

// Guidance is what the person taking the picture can do about it, as a code that a user interface translates.
type Guidance string

const (
	GuideShowFace       Guidance = "show_face"       // bring a face into the picture
	GuideOnePerson      Guidance = "one_person"      // only one person in the picture
	GuideMoveCloser     Guidance = "move_closer"     // the face is too small
	GuideMoveBack       Guidance = "move_back"       // the face does not fit into the picture
	GuideHoldStill      Guidance = "hold_still"      // blurred
	GuideMoreLight      Guidance = "more_light"      // too dark
	GuideLessLight      Guidance = "less_light"      // too bright
	GuideFaceTheLight   Guidance = "face_the_light"  // lit from one side
	GuideLookAhead      Guidance = "look_ahead"      // turn the face to the camera
	GuideHeadUpright    Guidance = "head_upright"    // do not tilt the head
	GuideOpenEyes       Guidance = "open_eyes"       // eyes closed
	GuideWholeFace      Guidance = "whole_face"      // part of the face is outside
	GuideBetterPortrait Guidance = "better_portrait" // photograph the document closer, or use its chip
	GuideOriginalFile   Guidance = "original_file"   // use the original file, not a recompressed copy
)
