package specimen

import (
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
)

// chineseFront draws the side with the portrait of a resident identity card (places after GA 461-2004 as photographs
// show them, to about a millimetre).
func (s *sheet) chineseFront(c *Card, rng *rand.Rand, portrait image.Image) {
	p := inventChinese(rng)
	s.paper(rng, color.RGBA{222, 236, 244, 255}, color.RGBA{244, 234, 236, 255})
	label := func(t string, x, y float64) { s.set(text{s: t, x: x, y: y, size: 2.7, face: Han, ink: blue()}) }
	value := func(t string, x, y, size float64) float64 {
		return s.set(text{s: t, x: x, y: y, size: size, face: Han, ink: black(), spacing: 0.12})
	}
	label("姓名", 5.6, 8.8)
	value(p.name, 15.6, 8.8, 3.6)
	label("性别", 5.6, 15.6)
	value(p.sex, 15.6, 15.6, 3.1)
	label("民族", 24.4, 15.6)
	value("某某", 32.6, 15.6, 3.1) // any word: what stands here on a real card is never printed, read or stored
	label("出生", 5.6, 22.2)
	value(p.birth.Format("2006"), 15.6, 22.2, 3.1)
	label("年", 24.2, 22.2)
	month := fmt.Sprint(int(p.birth.Month()))
	value(month, 29.6-0.9*float64(len(month)-1), 22.2, 3.1)
	label("月", 32.9, 22.2)
	day := fmt.Sprint(p.birth.Day())
	value(day, 38.0-0.9*float64(len(day)-1), 22.2, 3.1)
	label("日", 41.3, 22.2)
	label("住址", 5.6, 28.9)
	for i, line := range wrap(p.address, 35.5, 3.22, 1.95) {
		value(line, 15.6, 28.9+4.5*float64(i), 3.1)
	}
	label("公民身份号码", 5.6, 47.2)
	s.set(text{s: p.number, x: 28.6, y: 47.2, size: 3.9, face: OCRB, ink: black()})
	s.portrait(portrait, 53.2, 7.4, 26, 32.5)
	s.set(text{s: "样本 SPECIMEN", x: 60, y: 3.4, size: 2.2, face: Han, ink: color.RGBA{200, 150, 150, 255}})
	c.Fields = map[string]string{"name": p.name, "sex": map[string]string{"男": "M", "女": "F"}[p.sex],
		"birth_date": p.birth.Format("2006-01-02"), "address": p.address, "number": p.number}
}

// wrap breaks a line where it would be wider than width, Chinese characters and others being so wide each. Digits that
// belong together stay together.
func wrap(s string, width, wide, narrow float64) []string {
	var lines []string
	var line []rune
	at := 0.0
	for _, r := range s {
		w := wide
		if r < 0x80 {
			w = narrow
		}
		if at+w > width {
			keep := len(line)
			for keep > 0 && line[keep-1] < 0x80 && r < 0x80 {
				keep--
			}
			lines = append(lines, string(line[:keep]))
			line = append([]rune{}, line[keep:]...)
			at = 0
			for range line {
				at += narrow
			}
		}
		line = append(line, r)
		at += w
	}
	return append(lines, string(line))
}

// chineseBack draws the side with the issuing authority.
func (s *sheet) chineseBack(c *Card, rng *rand.Rand) {
	p := inventChinese(rng)
	s.paper(rng, color.RGBA{240, 226, 228, 255}, color.RGBA{224, 238, 240, 255})
	// A red disc stands for the emblem.
	for y := range s.img.Bounds().Dy() {
		for x := range s.img.Bounds().Dx() {
			dx, dy := float64(x)/s.scale-13.5, float64(y)/s.scale-14
			if d := dx*dx + dy*dy; d < 64 && d > 36 || d < 9 {
				s.img.Set(x, y, red())
			}
		}
	}
	s.set(text{s: "中华人民共和国", x: 27, y: 12.2, size: 5.2, face: Han, ink: black(), spacing: 1.2})
	s.set(text{s: "居民身份证", x: 27, y: 22, size: 7.2, face: Han, ink: black(), spacing: 1.4})
	label := func(t string, x, y float64) {
		s.set(text{s: t, x: x, y: y, size: 2.9, face: Han, ink: black(), spacing: 0.1})
	}
	label("签发机关", 17.5, 40.2)
	s.set(text{s: p.authority, x: 33.5, y: 40.2, size: 3.1, face: Han, ink: black(), spacing: 0.12})
	label("有效期限", 17.5, 46.8)
	until := p.until.Format("2006.01.02")
	c.Fields = map[string]string{"authority": p.authority, "valid_from": p.from.Format("2006-01-02"), "valid_until": p.until.Format("2006-01-02")}
	if p.forever {
		until = "长期"
		c.Fields["valid_until"] = "unlimited"
	}
	s.set(text{s: p.from.Format("2006.01.02") + "-" + until, x: 33.5, y: 46.8, size: 3.1, face: Han, ink: black(), spacing: 0.12})
	s.set(text{s: "样本 SPECIMEN", x: 60, y: 3.4, size: 2.2, face: Han, ink: color.RGBA{200, 150, 150, 255}})
}
