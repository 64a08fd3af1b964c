package recordtest

import (
	"fmt"
	"sync/atomic"
	"testing"

	"truename"
	"truename/record"
)

// Benchmark measures commits: what a client waits for when nobody else is there, and how many there are in a second when
// many are.
func Benchmark(b *testing.B, open func(b *testing.B) *record.Store) {
	decide := func(s *record.Store, registration string) error {
		return s.Transact(b.Context(), registration, func(snap truename.Snapshot) (truename.Commit, error) { return approved(snap), nil })
	}
	fill := func(b *testing.B, s *record.Store) []string {
		ids := make([]string, b.N)
		for i := range ids {
			ids[i] = create(b, s, opened(fmt.Sprint(i))).Registration.ID
		}
		b.ResetTimer()
		return ids
	}
	b.Run("decide", func(b *testing.B) {
		s := open(b)
		for _, id := range fill(b, s) {
			if err := decide(s, id); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
	})
	b.Run("decide32", func(b *testing.B) {
		s := open(b)
		ids := fill(b, s)
		var next atomic.Int64
		parallel(32, func(int) {
			for n := next.Add(1) - 1; n < int64(len(ids)); n = next.Add(1) - 1 {
				if err := decide(s, ids[n]); err != nil {
					b.Error(err)
				}
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
	})
	b.Run("snapshot", func(b *testing.B) {
		s := open(b)
		c := create(b, s, opened("1"))
		approve(b, s, c.Registration.ID)
		b.ResetTimer()
		for b.Loop() {
			if _, err := s.Snapshot(b.Context(), c.Registration.ID); err != nil {
				b.Fatal(err)
			}
		}
	})
}
