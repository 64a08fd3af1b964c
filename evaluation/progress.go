package evaluation

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// Progress tells how far a long job is: on a terminal a bar on one line, redrawn; elsewhere a line now and then. It may
// be used by several goroutines. It never fails: what cannot be written is not worth stopping for.
type Progress struct {
	out      io.Writer
	what     string
	total    int
	terminal bool
	now      func() time.Time

	mu     sync.Mutex
	done   int
	start  time.Time
	shown  time.Time
	ended  bool
	length int // of the line on the terminal
}

const (
	redrawEvery = 100 * time.Millisecond // on a terminal
	lineEvery   = 10 * time.Second       // elsewhere
	barWidth    = 24
)

// NewProgress starts the clock for total items of what, such as "acquiring". Whether out is a terminal is found out here.
func NewProgress(out io.Writer, what string, total int) *Progress {
	return newProgress(out, what, total, isTerminal(out), time.Now)
}

func newProgress(out io.Writer, what string, total int, terminal bool, now func() time.Time) *Progress {
	p := &Progress{out: out, what: what, total: total, terminal: terminal, now: now, start: now()}
	p.shown = p.start
	return p
}

// Add counts n items as done.
func (p *Progress) Add(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += n
	every := lineEvery
	if p.terminal {
		every = redrawEvery
	}
	if now := p.now(); !p.ended && now.Sub(p.shown) >= every {
		p.shown = now
		p.show(now)
	}
}

// Done shows the final state and ends the line. Later calls do nothing.
func (p *Progress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return
	}
	p.ended = true
	p.show(p.now())
	if p.terminal {
		fmt.Fprintln(p.out)
	}
}

func (p *Progress) show(now time.Time) {
	line := p.line(now.Sub(p.start))
	if !p.terminal {
		fmt.Fprintln(p.out, line)
		return
	}
	n := len([]rune(line))
	fmt.Fprint(p.out, "\r", line, strings.Repeat(" ", max(0, p.length-n)))
	p.length = n
}

// line gives what is done, the rate, and the time left, or taken once all is done.
func (p *Progress) line(elapsed time.Duration) string {
	var b strings.Builder
	b.WriteString(p.what)
	if p.terminal && p.total > 0 {
		full := min(barWidth, barWidth*p.done/p.total)
		fmt.Fprintf(&b, " [%s%s]", strings.Repeat("█", full), strings.Repeat("·", barWidth-full))
	}
	fmt.Fprintf(&b, " %d/%d", p.done, p.total)
	rate := float64(p.done) / elapsed.Seconds()
	if p.done == 0 || elapsed <= 0 {
		return b.String()
	}
	fmt.Fprintf(&b, "  %.1f/s", rate)
	if p.ended {
		fmt.Fprintf(&b, "  in %s", clock(elapsed))
	} else if left := p.total - p.done; left > 0 {
		fmt.Fprintf(&b, "  %s left", clock(time.Duration(float64(left)/rate*float64(time.Second))))
	}
	return b.String()
}

// clock gives 0:07, 12:30 or 1:02:30.
func clock(d time.Duration) string {
	s := int(d.Round(time.Second).Seconds())
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// isTerminal takes character devices for terminals, apart from the null device, of which nothing can be seen.
func isTerminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok || f.Name() == os.DevNull {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
