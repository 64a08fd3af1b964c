package registration

import (
	"context"

	"truename"
)

// Explain says a decision in words, in a language of the pack it was made under.
func (f *Flow) Explain(ctx context.Context, d truename.Decision, language string) (truename.Explanation, error) {
	pack, err := f.pack(ctx, d.Ruling.Pack)
	if err != nil {
		return truename.Explanation{}, err
	}
	return pack.Explain(d.Ruling, language), nil
}
