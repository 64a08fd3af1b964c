package registration

import (
	"context"

	"truename"
	"truename/policy"
)

// Explain says a decision in words, in a language of the pack it was made under.
func (f *Flow) Explain(ctx context.Context, d truename.Decision, language string) (truename.Explanation, error) {
	pack, err := f.pack(ctx, d.Ruling.Pack)
	if err != nil {
		return truename.Explanation{}, err
	}
	return pack.Explain(d.Ruling, language), nil
}

// PackOf gives the pack that a registration is decided under, from opening to end.
func (f *Flow) PackOf(ctx context.Context, r truename.Registration) (*policy.Pack, error) {
	return f.pack(ctx, r.Pack)
}
