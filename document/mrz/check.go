package mrz

// checkDigit gives the check digit of characters (Doc 9303-3 §4.9): weights 7, 3, 1, repeated; digits count as
// themselves, A to Z as 10 to 35, fillers as 0; modulus 10. It finds every single wrong digit, but not every wrong letter:
// A, K and U, for one, count alike.
func checkDigit(parts ...string) byte {
	sum, i := 0, 0
	for _, p := range parts {
		for _, c := range []byte(p) {
			sum += weight(i) * valueOf(c)
			i++
		}
	}
	return byte('0' + sum%10)
}

func weight(i int) int { return [3]int{7, 3, 1}[i%3] }

// valueOf gives a character's value in a check sum.
func valueOf(c byte) int {
	i, _ := index(c)
	return i % 36 // the filler, 36, counts as 0
}
