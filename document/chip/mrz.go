package chip

// readMRZ takes the lines of the machine readable zone out of EF.DG1 (Doc 9303-10, section 4.7.1): three of 30
// characters (TD1), two of 36 (TD2) or two of 44 (TD3). What they say is not looked at here.
func readMRZ(file []byte) ([]string, error) {
	content, err := readFile(file, tagDG1)
	if err != nil {
		return nil, err
	}
	zone, err := readFile(content, 0x5f1f)
	if err != nil {
		return nil, err
	}
	var length int
	switch len(zone) {
	case 90:
		length = 30
	case 72:
		length = 36
	case 88:
		length = 44
	default:
		return nil, failed(ReasonMalformed)
	}
	for _, c := range zone {
		if c != '<' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return nil, failed(ReasonMalformed)
		}
	}
	lines := make([]string, 0, 3)
	for len(zone) > 0 {
		lines = append(lines, string(zone[:length]))
		zone = zone[length:]
	}
	return lines, nil
}
