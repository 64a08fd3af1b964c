package capture

import (
	"errors"
	"fmt"
	"slices"
)

// heif is what the boxes of a HEIF file (ISO/IEC 23008-12) say about its primary item.
type heif struct {
	width, height int          // after irot
	extents       []extent     // of every item in the file
	transformed   bool         // the primary item has irot or imir
	colours       coefficients // of its samples
	exif          []byte
	whole         bool  // no box ends behind the file
	mismatch      error // what is coded is not what the boxes say
}

type extent struct{ width, height int }

// box of the ISO base media file format (ISO/IEC 14496-12).
type box struct {
	kind string
	body []byte
}

const (
	maxHEIFItems = 4096 // a phone's 48 megapixels are some 200 tiles
	maxHEIFBoxes = 16384
)

var errBox = errors.New("a box is shorter than its content")

// boxes splits data. A box that ends behind data is the last, with what there is of it, and whole is false.
func boxes(data []byte) (list []box, whole bool, err error) {
	for len(data) >= 8 {
		if len(list) == maxHEIFBoxes {
			return nil, false, corrupt(errors.New("too many boxes"))
		}
		size, head := uint64(be32(data)), 8
		kind := string(data[4:8])
		switch size {
		case 0: // to the end
			size = uint64(len(data))
		case 1:
			if len(data) < 16 {
				return list, false, nil
			}
			size, head = uint64(be32(data[8:]))<<32|uint64(be32(data[12:])), 16
		}
		if size < uint64(head) {
			return nil, false, corrupt(fmt.Errorf("box %q of %d bytes", kind, size))
		}
		if size > uint64(len(data)) {
			return append(list, box{kind, data[head:]}), false, nil
		}
		list = append(list, box{kind, data[head:size]})
		data = data[size:]
	}
	return list, len(data) == 0, nil
}

// readHEIF reads the boxes at the top and in meta.
func readHEIF(data []byte) (*heif, error) {
	top, whole, err := boxes(data)
	if err != nil {
		return nil, err
	}
	if !isHEICBrand(top[0].body) {
		return nil, unsupported("The file is not a HEIC picture but another member of its family of formats.", acceptedTypes, nil)
	}
	at := slices.IndexFunc(top, func(b box) bool { return b.kind == "meta" })
	if at < 0 || len(top[at].body) < 4 {
		if !whole {
			return nil, truncated(nil)
		}
		return nil, unsupported("The file has no still picture.", acceptedTypes, nil)
	}
	meta, metaWhole, err := boxes(top[at].body[4:])
	if err != nil {
		return nil, err
	}
	if !metaWhole {
		if !whole {
			return nil, truncated(nil)
		}
		return nil, corrupt(errBox)
	}
	m, err := readHEIFMeta(meta)
	if err != nil {
		return nil, corrupt(err)
	}
	f, err := m.primaryItem()
	if err != nil {
		return nil, err
	}
	f.whole = whole
	f.exif = m.exif(data)
	return f, nil
}

// isHEICBrand looks for a brand of HEVC stills, or of stills at large, in ftyp.
func isHEICBrand(ftyp []byte) bool {
	for at := 0; at+4 <= len(ftyp) && at < 64*4; at += 4 {
		switch string(ftyp[at : at+4]) {
		case "heic", "heix", "heim", "heis":
			return true
		case "mif1": // the item's type decides
			return true
		}
	}
	return false
}

// heifMeta is the part of the meta box that matters here.
type heifMeta struct {
	primary      int
	types        map[int]string
	properties   []box         // 1-based in the file
	associations map[int][]int // by item, indices into properties
	tiles        map[int][]int // by derived item, the items that it is made of
	locations    map[int][2]int
}

func readHEIFMeta(meta []box) (*heifMeta, error) {
	m := &heifMeta{types: map[int]string{}, associations: map[int][]int{}, tiles: map[int][]int{}, locations: map[int][2]int{}}
	for _, b := range meta {
		r := &fields{rest: b.body}
		switch b.kind {
		case "pitm":
			m.primary = r.number(2 + 2*min(r.version(), 1))
		case "iinf":
			count := r.number(2 + 2*min(r.version(), 1))
			if r.short || count > maxHEIFItems {
				return nil, fmt.Errorf("%d items", count)
			}
			entries, _, err := boxes(r.rest)
			if err != nil {
				return nil, err
			}
			for _, e := range entries {
				m.readItem(e)
			}
		case "iprp":
			if err := m.readProperties(b.body); err != nil {
				return nil, err
			}
		case "iloc":
			m.readLocations(r)
		case "iref":
			if err := m.readReferences(r); err != nil {
				return nil, err
			}
		}
		if r.short {
			return nil, fmt.Errorf("%w: %q", errBox, b.kind)
		}
	}
	return m, nil
}

func (m *heifMeta) readItem(e box) {
	r := &fields{rest: e.body}
	version := r.version()
	if e.kind != "infe" || version < 2 {
		return
	}
	id := r.number(2 * min(version-1, 2))
	r.number(2) // protection
	if kind := r.take(4); kind != nil {
		m.types[id] = string(kind)
	}
}

// readProperties reads ipco and ipma.
func (m *heifMeta) readProperties(body []byte) error {
	parts, _, err := boxes(body)
	if err != nil {
		return err
	}
	for _, b := range parts {
		switch b.kind {
		case "ipco":
			if m.properties, _, err = boxes(b.body); err != nil {
				return err
			}
		case "ipma":
			r := &fields{rest: b.body}
			version, wide := r.version(), r.flags&1 != 0
			count := r.number(4)
			if count > maxHEIFItems {
				return fmt.Errorf("properties of %d items", count)
			}
			for range count {
				id := r.number(2 + 2*min(version, 1))
				for range r.number(1) {
					index := 0
					if wide {
						index = r.number(2) & 0x7fff
					} else {
						index = r.number(1) & 0x7f
					}
					m.associations[id] = append(m.associations[id], index)
				}
				if r.short {
					return errBox
				}
			}
		}
	}
	return nil
}

// readReferences keeps what derived items are made of.
func (m *heifMeta) readReferences(r *fields) error {
	size := 2 + 2*min(r.version(), 1)
	list, _, err := boxes(r.rest)
	if err != nil {
		return err
	}
	for _, b := range list {
		if b.kind != "dimg" {
			continue
		}
		f := &fields{rest: b.body}
		from, count := f.number(size), f.number(2)
		if f.short || count > maxHEIFItems {
			return fmt.Errorf("%d references", count)
		}
		for range count {
			m.tiles[from] = append(m.tiles[from], f.number(size))
		}
		if f.short {
			return errBox
		}
	}
	return nil
}

// readLocations keeps the first extent of items that lie in the file itself.
func (m *heifMeta) readLocations(r *fields) {
	version := r.version()
	sizes := r.number(2)
	offsetSize, lengthSize, baseSize, indexSize := sizes>>12, sizes>>8&15, sizes>>4&15, 0
	if version > 0 {
		indexSize = sizes & 15
	}
	wide := 2
	if version == 2 {
		wide = 4
	}
	count := r.number(wide)
	for range count {
		if r.short || count > maxHEIFItems {
			r.short = true
			return
		}
		id, method := r.number(wide), 0
		if version > 0 {
			method = r.number(2) & 15
		}
		r.number(2) // data reference
		base := r.number(baseSize)
		for i := range r.number(2) {
			r.number(indexSize)
			offset, length := r.number(offsetSize), r.number(lengthSize)
			if r.short {
				return
			}
			if i == 0 && method == 0 && base >= 0 && offset >= 0 && length >= 0 {
				m.locations[id] = [2]int{base + offset, length}
			}
		}
	}
}

func (m *heifMeta) primaryItem() (*heif, error) {
	f := &heif{colours: jfif}
	switch kind := m.types[m.primary]; kind {
	case "hvc1":
	case "grid":
		if err := m.checkTiles(); err != nil {
			return nil, err
		}
	case "":
		return nil, corrupt(errors.New("no primary item"))
	default:
		return nil, unsupported("The picture in the file is neither coded as HEVC nor a grid of such pictures.", acceptedTypes,
			fmt.Errorf("item of type %q", kind))
	}
	for _, p := range m.properties {
		if p.kind == "ispe" {
			e, err := readExtent(p.body)
			if err != nil {
				return nil, err
			}
			f.extents = append(f.extents, e)
		}
	}
	for _, p := range m.propertiesOf(m.primary) {
		if err := f.apply(p); err != nil {
			return nil, err
		}
	}
	if f.width == 0 {
		return nil, corrupt(errors.New("no dimensions"))
	}
	f.mismatch = m.checkCoded()
	return f, nil
}

// checkCoded compares what is coded with what the boxes say, for all items: the limits look at the latter.
func (m *heifMeta) checkCoded() error {
	for item, kind := range m.types {
		if kind != "hvc1" {
			continue
		}
		var said, coded extent
		for _, p := range m.propertiesOf(item) {
			var err error
			switch p.kind {
			case "ispe":
				said, err = readExtent(p.body)
			case "hvcC":
				coded, err = hevcExtent(p.body)
			}
			if err != nil {
				return corrupt(err)
			}
		}
		if err := coded.covers(said); err != nil {
			return corrupt(err)
		}
	}
	return nil
}

// checkTiles sees to it that a grid does not ask for much more work than its size explains: the tiles, also those
// that are used again and again, have few more pixels than the grid.
func (m *heifMeta) checkTiles() error {
	whole := 0
	for _, p := range m.propertiesOf(m.primary) {
		if e, err := readExtent(p.body); p.kind == "ispe" && err == nil {
			whole = e.width * e.height
		}
	}
	pixels := 0
	for _, tile := range m.tiles[m.primary] {
		if m.types[tile] != "hvc1" {
			return unsupported("The picture in the file is made of something else than HEVC tiles.", acceptedTypes, nil)
		}
		for _, p := range m.propertiesOf(tile) {
			if e, err := readExtent(p.body); p.kind == "ispe" && err == nil {
				pixels += e.width * e.height
			}
		}
		if pixels/4 > whole+1<<20 {
			return corrupt(errors.New("far more tiles than picture"))
		}
	}
	return nil
}

func (m *heifMeta) propertiesOf(item int) []box {
	var list []box
	for _, index := range m.associations[item] {
		if index >= 1 && index <= len(m.properties) {
			list = append(list, m.properties[index-1])
		}
	}
	return list
}

// apply takes up a property of the primary item. Transformations come in the order in which they are applied.
func (f *heif) apply(p box) error {
	switch p.kind {
	case "ispe":
		e, err := readExtent(p.body)
		if err != nil {
			return err
		}
		f.width, f.height = e.width, e.height
	case "irot":
		f.transformed = true
		if len(p.body) > 0 && p.body[0]&1 != 0 {
			f.width, f.height = f.height, f.width
		}
	case "imir":
		f.transformed = true
	case "colr":
		if len(p.body) >= 11 && string(p.body[:4]) == "nclx" {
			f.colours = nclx(be16(p.body[8:]), p.body[10]&0x80 != 0)
		}
	}
	return nil
}

func readExtent(body []byte) (extent, error) {
	if len(body) < 12 {
		return extent{}, corrupt(errBox)
	}
	const limit = 1 << 20 // far beyond any camera, and products stay within an int
	return extent{min(be32(body[4:]), limit), min(be32(body[8:]), limit)}, nil
}

// nclx gives the conversion for a matrix of ISO/IEC 23091-2.
func nclx(matrix int, full bool) coefficients {
	kr, kb := 0.299, 0.114 // 5 and 6: BT.601; also what unspecified ones are in practice
	switch matrix {
	case 1:
		kr, kb = 0.2126, 0.0722
	case 9:
		kr, kb = 0.2627, 0.0593
	}
	return newCoefficients(kr, kb, full)
}

// exif gives the EXIF block, nil without one. In HEIF it is preceded by the offset of its TIFF header.
func (m *heifMeta) exif(data []byte) []byte {
	for id, kind := range m.types {
		at, ok := m.locations[id]
		if kind != "Exif" || !ok || at[0] > len(data)-4 || at[1] < 4 || at[1] > len(data)-at[0] {
			continue
		}
		block := data[at[0] : at[0]+at[1]]
		if skip := be32(block); skip <= len(block)-4 {
			return block[4+skip:]
		}
	}
	return nil
}

// fields reads the fields of a full box in order; once the box is too short, it gives zeros and remembers that.
type fields struct {
	rest  []byte
	flags int
	short bool
}

// version reads version and flags, the first four bytes.
func (r *fields) version() int {
	v := r.number(4)
	r.flags = v & 0xffffff
	return v >> 24
}

func (r *fields) take(n int) []byte {
	if n > len(r.rest) {
		r.rest, r.short = nil, true
		return nil
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *fields) number(size int) int {
	n := 0
	for _, b := range r.take(size) {
		n = n<<8 | int(b)
	}
	return n
}
