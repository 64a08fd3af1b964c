package document

// verhoeff gives the checksum of a string of digits after J. Verhoeff, "Error Detecting Decimal Codes" (1969): 0 for
// a number that ends in its own check digit. It finds every single wrong digit and every swap of neighbours.
func verhoeff(s string) int {
	// dihedral is the multiplication of the dihedral group of order ten.
	dihedral := func(a, b int) int {
		switch {
		case a < 5 && b < 5:
			return (a + b) % 5
		case a < 5:
			return (a+b-5)%5 + 5
		case b < 5:
			return (a-5-b+5)%5 + 5
		}
		return (a - b + 5) % 5
	}
	permutation := [10]int{1, 5, 7, 6, 2, 8, 3, 0, 9, 4}
	c := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		for range i % 8 {
			d = permutation[d]
		}
		c = dihedral(c, d)
	}
	return c
}
