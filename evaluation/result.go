package evaluation

// Result is the outcome of an evaluation, in the shape that machines read. Rates are shares, 0..1.
type Result struct {
	Images            int             `json:"images"` // tried
	FailuresToAcquire int             `json:"failures_to_acquire"`
	Model             string          `json:"model"`
	Pairs             PairsResult     `json:"pairs"`
	AllPairs          *AllPairsResult `json:"all_pairs"` // nil when not asked for
	Errata            *ErrataResult   `json:"errata"`    // nil when no errata were given
	// WallS is the wall-clock time in seconds, of whatever the caller counts in.
	WallS float64 `json:"wall_s"`
}

// PairsResult is the outcome of the pairs protocol.
type PairsResult struct {
	Genuine  int `json:"genuine"`  // pairs, those with a failure to acquire included
	Impostor int `json:"impostor"` // comparisons made
	// Accuracy is the mean over folds, each at the threshold that is best on the others; AccuracyStd the sample standard
	// deviation over folds; AccuracyCI the Clopper–Pearson interval over all decisions.
	Accuracy    float64  `json:"accuracy"`
	AccuracyStd float64  `json:"accuracy_std"`
	AccuracyCI  Interval `json:"accuracy_ci"`
	EER         float64  `json:"eer"`
	TARAtFAR    Rates    `json:"tar_at_far"`
	Thresholds  Rates    `json:"thresholds"`
}

// AllPairsResult is the outcome of comparing every acquired sample with every other.
type AllPairsResult struct {
	Genuine    int64     `json:"genuine"`  // pairs, those with a failure to acquire included
	Impostor   int64     `json:"impostor"` // comparisons made
	EER        float64   `json:"eer"`
	TARAtFAR   Rates     `json:"tar_at_far"`
	TARCI      Intervals `json:"tar_ci"`
	Thresholds Rates     `json:"thresholds"`
}

// ErrataResult repeats both sections without the known label errors.
type ErrataResult struct {
	Pairs    PairsResult     `json:"pairs"`
	AllPairs *AllPairsResult `json:"all_pairs"`
}

// Rates maps the target rates "1e-2" … "1e-6" to a value; nil where the data do not support the rate.
type Rates map[string]*float64

// Intervals maps the same keys to intervals.
type Intervals map[string]*Interval

// target is one operating point by its false-match rate.
type target struct {
	key string
	far float64
}

func targets() []target {
	return []target{{"1e-2", 1e-2}, {"1e-3", 1e-3}, {"1e-4", 1e-4}, {"1e-5", 1e-5}, {"1e-6", 1e-6}}
}
