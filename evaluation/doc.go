// Package evaluation measures how well a recogniser tells people apart, and reports it: biometric performance testing
// of one-to-one comparison after ISO/IEC 19795-1, with NIST SP 800-63A-4's requirement (FMR 1e-4, FNMR 1e-2) as the
// mark to reach.
//
// It owns the lists of pairs, the statistics with their confidence intervals, the known label errors of data sets, the
// calibration table made from a run, and the report. It does not know models or pictures: it is given [Templates] that
// somebody else made of the samples that [Options.ToAcquire] lists.
//
// Terms, all of ISO/IEC 19795-1:
//
//   - genuine pair: two samples of one person; impostor pair: samples of two people
//   - failure to acquire (FTA): a sample that gave no template
//   - FMR at a threshold: the share of compared impostor pairs whose score reaches it (score ≥ threshold is a match)
//   - FNMR as reported here: the share of genuine pairs that do not match, a pair with an FTA counting as a non-match at
//     every threshold (what the standard calls a generalised false reject rate); TAR is 1 − FNMR, and FAR is the FMR
//     that was aimed at
//   - impostor pairs with an FTA were not compared and enter no rate
//
// Invariants: the threshold for a FAR is the smallest score that at most ⌊N·FAR⌋ of N impostor scores reach, so that tied
// scores are refused together and the FAR is never exceeded (beyond [MaxExactScores] comparisons it is rounded up to a bin
// of 3.1e-5, which only makes it stricter); a FAR with N·FAR < 1 is not reported. Results depend on the
// samples only, not on their order, the number of cores or the time: the bootstrap has a stated seed, and resamples
// people, because comparisons that share a person are not independent.
package evaluation
