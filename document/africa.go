package document

import "time"

// nigerian checks the form of a National Identification Number (National Identity Management Commission Act 2007,
// sec. 17): eleven random digits. No check digit is published; eleven times the same digit is refused.
func nigerian(f *Facts, s string, _ time.Time) error {
	if err := digits(f, s, 11); err != nil {
		return err
	}
	same := true
	for i := range len(s) {
		same = same && s[i] == s[0]
	}
	if same {
		return invalid(RuleSequence, 0, "is not one that is given out")
	}
	f.Checked = append(f.Checked, RuleSequence)
	f.Unchecked = append(f.Unchecked, RuleCheckDigit, RuleIssued)
	return nil
}
