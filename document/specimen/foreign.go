package specimen

import (
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"strings"
	"time"
)

// date between two years.
func inventDate(rng *rand.Rand, from, to int) time.Time {
	return time.Date(from+rng.IntN(to-from+1), time.Month(1+rng.IntN(12)), 1+rng.IntN(28), 0, 0, 0, 0, time.UTC)
}

// syllables gives a word that is nobody's name on purpose, though it may be somebody's by chance.
func syllables(rng *rand.Rand, onsets, rimes []string, n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(pick(rng, onsets))
		b.WriteString(pick(rng, rimes))
	}
	return b.String()
}

func latinWord(rng *rand.Rand) string {
	return syllables(rng, []string{"B", "D", "F", "G", "H", "K", "L", "M", "N", "P", "R", "S", "T", "V", "W", "AR", "EL", "IS", "ON"},
		[]string{"A", "E", "I", "O", "U", "AN", "EN", "IN", "ER", "AL", "OS"}, 2+rng.IntN(2))
}

// passport draws a data page (TD3) in the order of ICAO Doc 9303-4's model, of the state of Utopia.
func (s *sheet) passport(c *Card, rng *rand.Rand, portrait image.Image) {
	surname, names, place := latinWord(rng), latinWord(rng), latinWord(rng)
	if rng.IntN(2) == 0 {
		names += " " + latinWord(rng)
	}
	number := string(rune('A'+rng.IntN(26))) + fmt.Sprintf("%08d", rng.IntN(1e8))
	sex := pick(rng, []string{"M", "F"})
	birth, issue := inventDate(rng, 1945, 2006), inventDate(rng, 2017, 2025)
	expiry := issue.AddDate(10, 0, 0)
	s.paper(rng, color.RGBA{226, 238, 232, 255}, color.RGBA{240, 232, 222, 255})
	field := func(label, value string, x, y float64) {
		s.set(text{s: label, x: x, y: y, size: 2.2, face: Latin, ink: blue()})
		s.set(text{s: value, x: x, y: y + 3.6, size: 3.3, face: Bold, ink: black(), spacing: 0.1})
	}
	day := func(t time.Time) string { return strings.ToUpper(t.Format("02 Jan 2006")) }
	s.set(text{s: "UTOPIA", x: 8, y: 6, size: 4.2, face: Bold, ink: blue()})
	s.set(text{s: "PASSPORT", x: 44, y: 6, size: 4.2, face: Bold, ink: blue()})
	s.set(text{s: "SPECIMEN", x: 100, y: 6, size: 3, face: Latin, ink: color.RGBA{200, 150, 150, 255}})
	field("Type", "P", 44, 11.5)
	field("Code", "UTO", 60, 11.5)
	field("Passport No.", number, 86, 11.5)
	field("Surname", surname, 44, 19)
	field("Given names", names, 44, 26.5)
	field("Nationality", "UTOPIAN", 44, 34)
	field("Date of birth", day(birth), 44, 41.5)
	field("Sex", sex, 78, 41.5)
	field("Place of birth", place, 92, 41.5)
	field("Date of issue", day(issue), 44, 49)
	field("Authority", "UTOPIA OFFICE", 86, 49)
	field("Date of expiry", day(expiry), 44, 56.5)
	s.portrait(portrait, 6, 12, 33, 43)
	first := "P<UTO" + surname + "<<" + strings.ReplaceAll(names, " ", "<")
	first += strings.Repeat("<", 44)
	second := number + icao(number) + "UTO" + birth.Format("060102") + icao(birth.Format("060102")) + sex + expiry.Format("060102") + icao(expiry.Format("060102")) + strings.Repeat("<", 14) + "0"
	second += icao(second[:10] + second[13:20] + second[21:43])
	for i, line := range []string{first[:44], second} {
		s.set(text{s: line, x: 6.5, y: 72.5 + 6.5*float64(i), size: 3.95, face: OCRB, ink: black(), spacing: 2.54 - 3.95*0.6 - 0.01})
	}
	c.Fields = map[string]string{"surname": surname, "given_names": names, "number": number, "sex": sex,
		"birth_date": birth.Format("2006-01-02"), "issue_date": issue.Format("2006-01-02"), "expiry_date": expiry.Format("2006-01-02"), "nationality": "UTOPIAN", "place_of_birth": place}
}

// icao is the check digit of ICAO Doc 9303-3, 4.9.
func icao(s string) string {
	sum := 0
	for i, r := range s {
		v := 0
		switch {
		case r >= '0' && r <= '9':
			v = int(r - '0')
		case r >= 'A' && r <= 'Z':
			v = int(r-'A') + 10
		}
		sum += v * []int{7, 3, 1}[i%3]
	}
	return fmt.Sprint(sum % 10)
}

// indonesian draws a Kartu Tanda Penduduk (order of the fields after Permendagri 72/2022's model).
func (s *sheet) indonesian(c *Card, rng *rand.Rand, portrait image.Image) {
	word := func() string {
		return syllables(rng, []string{"B", "D", "G", "H", "J", "K", "L", "M", "N", "P", "R", "S", "T", "W", "Y", "SR", "PR"},
			[]string{"A", "I", "U", "AN", "IN", "ON", "AR", "I", "O"}, 2+rng.IntN(2))
	}
	birth := inventDate(rng, 1950, 2006)
	female := rng.IntN(2) == 0
	d := birth.Day()
	sex, shown := "M", "LAKI-LAKI"
	if female {
		d += 40
		sex, shown = "F", "PEREMPUAN"
	}
	nik := fmt.Sprintf("999999%02d%s%04d", d, birth.Format("0106"), 1+rng.IntN(9998))
	name := word() + " " + word()
	place, address := word(), "JL "+word()+fmt.Sprintf(" NO %d", 1+rng.IntN(200))
	s.paper(rng, color.RGBA{190, 216, 236, 255}, color.RGBA{208, 228, 240, 255})
	s.set(text{s: "PROVINSI " + word(), x: 26, y: 3.6, size: 3, face: Bold, ink: black()})
	s.set(text{s: "KABUPATEN " + word(), x: 26, y: 7, size: 3, face: Bold, ink: black()})
	s.set(text{s: "NIK", x: 3.5, y: 12, size: 3.6, face: Bold, ink: black()})
	s.set(text{s: ": " + nik, x: 14, y: 12, size: 3.4, face: OCRB, ink: black()})
	y := 17.0
	row := func(label, value string) {
		s.set(text{s: label, x: 3.5, y: y, size: 2.35, face: Latin, ink: black()})
		s.set(text{s: ": " + value, x: 24.5, y: y, size: 2.35, face: Latin, ink: black()})
		y += 3.1
	}
	row("Nama", name)
	row("Tempat/Tgl Lahir", place+", "+birth.Format("02-01-2006"))
	row("Jenis kelamin", shown)
	row("Alamat", address)
	row("    RT/RW", fmt.Sprintf("%03d/%03d", 1+rng.IntN(20), 1+rng.IntN(20)))
	row("    Kel/Desa", word())
	row("    Kecamatan", word())
	row("Agama", "XXXXX") // any word: religion is never printed, read or stored
	row("Status Perkawinan", "KAWIN")
	row("Pekerjaan", "KARYAWAN")
	row("Kewarganegaraan", "WNI")
	row("Berlaku Hingga", "SEUMUR HIDUP")
	s.portrait(portrait, 60.5, 12, 21, 27)
	s.set(text{s: "SPECIMEN", x: 65, y: 44, size: 2.4, face: Latin, ink: color.RGBA{190, 90, 90, 255}})
	c.Fields = map[string]string{"number": nik, "name": name, "birth_date": birth.Format("2006-01-02"), "sex": sex, "address": address}
}

// thai draws a Thai national ID card: the fields in Latin letters, the Thai ones as ornament without shaping.
func (s *sheet) thai(c *Card, rng *rand.Rand, portrait image.Image) {
	word := func() string {
		w := latinWord(rng)
		return w[:1] + strings.ToLower(w[1:])
	}
	digits := fmt.Sprintf("0%011d", rng.Int64N(1e11)) // no number in use begins with 0
	sum := 0
	for i, r := range digits {
		sum += int(r-'0') * (13 - i)
	}
	digits += fmt.Sprint((11 - sum%11) % 10)
	birth, issue := inventDate(rng, 1950, 2006), inventDate(rng, 2018, 2025)
	expiry := issue.AddDate(8, 0, 0)
	title := pick(rng, []string{"Mr.", "Mrs.", "Miss"})
	name, last := word(), word()
	s.paper(rng, color.RGBA{206, 228, 240, 255}, color.RGBA{232, 236, 242, 255})
	latin := func(t string, x, y, size float64) {
		s.set(text{s: t, x: x, y: y, size: size, face: Latin, ink: black()})
	}
	s.set(text{s: "บัตรประจำตัวประชาชน", x: 18, y: 3.8, size: 3, face: Thai, ink: black()})
	latin("Thai National ID Card", 50, 3.8, 2.8)
	s.set(text{s: "Identification Number", x: 18, y: 10.6, size: 2.1, face: Latin, ink: blue()})
	latin(fmt.Sprintf("%s %s %s %s %s", digits[:1], digits[1:5], digits[5:10], digits[10:12], digits[12:]), 41, 10, 3.5)
	s.set(text{s: "ชื่อตัวและชื่อสกุล", x: 12, y: 16, size: 2.2, face: Thai, ink: black()})
	s.set(text{s: "Name", x: 22, y: 21, size: 2.3, face: Latin, ink: blue()})
	latin(title+" "+name, 32, 21, 2.7)
	s.set(text{s: "Last name", x: 22, y: 25.2, size: 2.3, face: Latin, ink: blue()})
	latin(last, 36, 25.2, 2.7)
	s.set(text{s: "Date of Birth", x: 26, y: 33.4, size: 2.2, face: Latin, ink: blue()})
	latin(birth.Format("2 Jan. 2006"), 42, 33.4, 2.6)
	latin(issue.Format("2 Jan. 2006"), 6, 45.6, 2.3)
	s.set(text{s: "Date of Issue", x: 6, y: 48.8, size: 2, face: Latin, ink: blue()})
	latin(expiry.Format("2 Jan. 2006"), 40, 45.6, 2.3)
	s.set(text{s: "Date of Expiry", x: 40, y: 48.8, size: 2, face: Latin, ink: blue()})
	s.portrait(portrait, 61, 21, 21, 26)
	s.set(text{s: "SPECIMEN", x: 62, y: 50.5, size: 2.2, face: Latin, ink: color.RGBA{190, 90, 90, 255}})
	c.Fields = map[string]string{"number": digits, "name": name, "last_name": last, "birth_date": birth.Format("2006-01-02"),
		"issue_date": issue.Format("2006-01-02"), "expiry_date": expiry.Format("2006-01-02")}
}
