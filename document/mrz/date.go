package mrz

import (
	"fmt"
	"time"
)

// fullDate reads YYMMDD. Unknown parts of a birth date are fillers (Doc 9303-3 §4.8): the result is then "YYYY",
// "YYYY-MM" or nothing. The century is chosen by pick. It says false for what is no date.
func fullDate(s string, pick func(year, month, day int) int) (string, bool) {
	if s == "<<<<<<" {
		return "", true
	}
	yy, ok := twoDigits(s[0:2])
	if !ok {
		return "", false
	}
	if s[2:] == "<<<<" {
		return fmt.Sprintf("%04d", pick(yy, 1, 1)), true
	}
	month, ok := twoDigits(s[2:4])
	if !ok || month < 1 || month > 12 {
		return "", false
	}
	if s[4:] == "<<" {
		return fmt.Sprintf("%04d-%02d", pick(yy, month, 1), month), true
	}
	day, ok := twoDigits(s[4:6])
	if !ok {
		return "", false
	}
	year := pick(yy, month, day)
	d := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if int(d.Month()) != month || d.Day() != day {
		return "", false
	}
	return d.Format(time.DateOnly), true
}

// birthCentury chooses the last year in which the day is not after now: nobody is born tomorrow. People of a hundred and
// more come out a century too young; the zone cannot tell.
func birthCentury(now time.Time) func(yy, month, day int) int {
	return func(yy, month, day int) int {
		year := now.Year()/100*100 + yy
		if time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).After(now) {
			year -= 100
		}
		return year
	}
}

// expiryCentury chooses the year nearest to now within sixty years back and forty ahead: no document is valid
// longer, and specimens of the last century are still about.
func expiryCentury(now time.Time) func(yy, month, day int) int {
	return func(yy, _, _ int) int {
		year := now.Year()/100*100 + yy
		for year >= now.Year()+40 {
			year -= 100
		}
		for year < now.Year()-60 {
			year += 100
		}
		return year
	}
}

func twoDigits(s string) (int, bool) {
	if s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9' {
		return 0, false
	}
	return int(s[0]-'0')*10 + int(s[1]-'0'), true
}
