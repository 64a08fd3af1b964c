package chip

import (
	"bytes"
	"encoding/binary"
)

// Format is what the bytes of a portrait are.
type Format string

// Formats of portraits (Doc 9303-10, section 4.7.2).
const (
	FormatJPEG     Format = "jpeg"
	FormatJPEG2000 Format = "jpeg2000" // as a file (JP2) or a bare code stream
)

// Portrait is the facial image of data group 2, as the issuing State has stored it.
type Portrait struct {
	// Format of Bytes; empty when there is no portrait that could be read. JPEG is for package capture; nothing in
	// this program decodes JPEG 2000, and then the notes have chip_portrait_unsupported.
	Format Format
	// Bytes of the picture, untrusted as any picture's.
	Bytes []byte
	// Width and Height in pixels as the record states them; 0 when it does not.
	Width, Height int
}

// The tags of data group 2 (Doc 9303-10, section 4.7.2; ISO/IEC 7816-11).
const (
	tagBiometricGroup    = 0x7f61
	tagBiometricTemplate = 0x7f60
	tagBiometricData     = 0x5f2e
	tagBiometricBlock    = 0x7f2e
)

// readPortrait takes the first facial image out of EF.DG2: the one Doc 9303-10 prescribes.
func readPortrait(file []byte) (Portrait, error) {
	content, err := readFile(file, tagDG2)
	if err != nil {
		return Portrait{}, err
	}
	group, err := readFile(content, tagBiometricGroup)
	if err != nil {
		return Portrait{}, err
	}
	record, err := descend(group, tagBiometricTemplate)
	if err != nil {
		return Portrait{}, err
	}
	for _, tag := range []uint16{tagBiometricData, tagBiometricBlock} {
		data, err := child(record, tag)
		if err != nil {
			return Portrait{}, err
		}
		if data == nil {
			continue
		}
		if bytes.HasPrefix(data, []byte("FAC\x00")) {
			return readFacialRecord(data)
		}
		return readFaceBlock(data)
	}
	return Portrait{}, failed(ReasonMalformed)
}

// descend goes down a path of tags and gives the value at its end.
func descend(b []byte, path ...uint16) ([]byte, error) {
	for _, tag := range path {
		value, err := child(b, tag)
		if err != nil {
			return nil, err
		}
		if value == nil {
			return nil, failed(ReasonMalformed)
		}
		b = value
	}
	return b, nil
}

// Lengths of the parts of a facial record (ISO/IEC 19794-5:2005, section 5), in octets.
const (
	facialHeader      = 14
	facialInformation = 20
	featurePoint      = 8
	imageInformation  = 12
)

// readFacialRecord reads a record of ISO/IEC 19794-5:2005, the edition Doc 9303-10 names.
func readFacialRecord(b []byte) (Portrait, error) {
	if len(b) < facialHeader+facialInformation+imageInformation {
		return Portrait{}, failed(ReasonTruncated)
	}
	if string(b[4:8]) != "010\x00" {
		return Portrait{}, unchecked(NotePortraitUnsupported)
	}
	length, images := binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint16(b[12:])
	if uint64(length) != uint64(len(b)) || images == 0 {
		return Portrait{}, failed(ReasonMalformed)
	}
	face := b[facialHeader:]
	block, points := binary.BigEndian.Uint32(face), int(binary.BigEndian.Uint16(face[4:]))
	start := facialInformation + points*featurePoint
	if uint64(block) > uint64(len(face)) || uint64(start+imageInformation) > uint64(block) {
		return Portrait{}, failed(ReasonTruncated)
	}
	info, data := face[start:start+imageInformation], face[start+imageInformation:block]
	p := Portrait{Width: int(binary.BigEndian.Uint16(info[2:])), Height: int(binary.BigEndian.Uint16(info[4:]))}
	return p.with(data)
}

// readFaceBlock reads FaceImageDataBlock of ISO/IEC 39794-5:2019 down to the picture and its size.
func readFaceBlock(b []byte) (Portrait, error) {
	// [1] → FaceImageDataBlock → representationBlocks → RepresentationBlock → imageRepresentation → base → 2D block
	block, err := descend(b, 0xa1, 0x65, 0xa1, 0x30, 0xa1, 0xa0, 0xa0)
	if err != nil {
		return Portrait{}, err
	}
	data, err := descend(block, 0x80)
	if err != nil {
		return Portrait{}, err
	}
	var p Portrait
	if size, err := descend(block, 0xa1, 0xa7); err == nil {
		p.Width, p.Height = smallInteger(size, 0x80), smallInteger(size, 0x81)
	}
	return p.with(data)
}

// smallInteger gives the value of a child of at most three octets, 0 when there is none.
func smallInteger(b []byte, tag uint16) int {
	value, err := child(b, tag)
	if err != nil || len(value) > 3 {
		return 0
	}
	n := 0
	for _, o := range value {
		n = n<<8 | int(o)
	}
	return n
}

// with takes the bytes of the picture, whose own first bytes say what they are.
func (p Portrait) with(data []byte) (Portrait, error) {
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xd8, 0xff}):
		p.Format = FormatJPEG
	case bytes.HasPrefix(data, []byte("\x00\x00\x00\x0cjP  \r\n\x87\n")), bytes.HasPrefix(data, []byte{0xff, 0x4f, 0xff, 0x51}):
		p.Format = FormatJPEG2000
	default:
		return Portrait{}, failed(ReasonMalformed)
	}
	p.Bytes = bytes.Clone(data)
	return p, nil
}
