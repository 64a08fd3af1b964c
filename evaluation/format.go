package evaluation

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// power writes 10^exponent with raised digits: 10⁻⁴.
func power(exponent int) string {
	raised := strings.NewReplacer("-", "⁻", "0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴", "5", "⁵", "6", "⁶", "7", "⁷", "8", "⁸", "9", "⁹")
	return "10" + raised.Replace(strconv.Itoa(exponent))
}

// percentSign follows a number after a narrow space at which lines do not break.
const percentSign = "\u202f%"

// percent writes a share as a percentage with two decimals, and more where two would show nothing but zeros.
func percent(share float64) string {
	p := 100 * share
	switch {
	case p == 0:
		return "0" + percentSign
	case p < 0.1:
		return number(p, 2) + percentSign
	}
	return strconv.FormatFloat(p, 'f', 2, 64) + percentSign
}

// percentRange writes an interval of shares: 96.10–97.05 %.
func percentRange(i Interval) string {
	return strings.TrimSuffix(percent(i[0]), percentSign) + "–" + percent(i[1])
}

// shortPercent writes a tick: 10 %, 0.1 %.
func shortPercent(share float64) string {
	return strconv.FormatFloat(100*share, 'g', 3, 64) + percentSign
}

// scientific writes a small rate: 1.2 × 10⁻⁴.
func scientific(rate float64) string {
	if rate == 0 {
		return "0"
	}
	if rate >= 0.01 {
		return number(rate, 3)
	}
	exponent := int(math.Floor(math.Log10(rate)))
	mantissa := math.Round(rate/math.Pow10(exponent)*10) / 10
	if mantissa >= 10 {
		mantissa, exponent = 1, exponent+1
	}
	return strconv.FormatFloat(mantissa, 'f', 1, 64) + "\u202f×\u202f" + power(exponent)
}

// number writes with the given significant digits, never with an exponent.
func number(v float64, digits int) string {
	if v == 0 {
		return "0"
	}
	decimals := max(0, digits-1-int(math.Floor(math.Log10(math.Abs(v)))))
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

// thousands groups digits: 7 264 541, with narrow spaces that do not break.
func thousands(n int64) string {
	digits := strconv.FormatInt(n, 10)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			b.WriteString("\u202f")
		}
		b.WriteRune(d)
	}
	return b.String()
}

// formatScore writes a comparison score with three decimals and a true minus sign.
func formatScore(s float64) string {
	return strings.Replace(fmt.Sprintf("%.3f", s), "-", "−", 1)
}
