package vault_test

import (
	"math/rand/v2"
	"testing"

	"truename"
)

func BenchmarkVault(b *testing.B) {
	file, _ := onFile(b)
	for master, o := range map[string]operator{"file": file, "transit": newOperator(b, newTransitServer(b).uri("30s"))} {
		s := o.subject(b, "subject-1")
		template := synthetic(rand.New(rand.NewPCG(1, 2)), 512, nil, nil)
		protected, err := o.Protect(b.Context(), s, "verification", "model", template)
		if err != nil {
			b.Fatal(err)
		}
		fields := make([]byte, 300)
		portrait := make([]byte, 100_000)
		box, err := o.Seal(b.Context(), s, truename.EvidencePortrait, portrait)
		if err != nil {
			b.Fatal(err)
		}
		for name, work := range map[string]func() error{
			"NewKey":     func() error { _, err := o.NewKey(b.Context(), "subject-2"); return err },
			"Seal300B":   func() error { _, err := o.Seal(b.Context(), s, truename.EvidenceFields, fields); return err },
			"Seal100kB":  func() error { _, err := o.Seal(b.Context(), s, truename.EvidencePortrait, portrait); return err },
			"Open100kB":  func() error { _, err := o.Open(b.Context(), s, truename.EvidencePortrait, box); return err },
			"Protect512": func() error { _, err := o.Protect(b.Context(), s, "verification", "model", template); return err },
			"Compare512": func() error {
				_, err := o.Compare(b.Context(), s, "verification", protected, "model", template)
				return err
			},
			"Index":         func() error { o.Index("msisdn", "8613800138000"); return nil },
			"SealService1k": func() error { _, err := o.SealService("answer", portrait[:1000]); return err },
		} {
			b.Run(master+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := work(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
	projection, err := file.Projection("duplicates/1", "model", 512)
	if err != nil {
		b.Fatal(err)
	}
	template := synthetic(rand.New(rand.NewPCG(1, 2)), 512, nil, nil)
	b.Run("Projection.Apply512", func(b *testing.B) {
		for b.Loop() {
			if _, err := projection.Apply(template); err != nil {
				b.Fatal(err)
			}
		}
	})
}
