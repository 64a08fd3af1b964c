package mrz

import "strings"

// State is an issuing state, organisation or nationality code of Doc 9303-3 §5.
type State struct {
	// Code as printed, without fillers.
	Code string
	// Alpha3 is the ISO 3166-1 code of the country it belongs to; empty for organisations and persons without a state.
	Alpha3 string
	// Known: the code is in ISO 3166-1 or Doc 9303-3 §5.
	Known bool
	// Specimen: Utopia, which exists on specimens only.
	Specimen bool
}

// StateOf looks a code up.
func StateOf(code string) State {
	s := State{Code: code}
	switch code {
	case "UTO":
		s.Known, s.Specimen = true, true
	case "D":
		s.Known, s.Alpha3 = true, "DEU"
	case "GBD", "GBN", "GBO", "GBP", "GBS": // other British nationalities
		s.Known, s.Alpha3 = true, "GBR"
	case "RKS", // Kosovo, not in ISO 3166-1
		"EUE",               // the European Union
		"UNO", "UNA", "UNK", // the United Nations, its agencies, its mission in Kosovo
		"XBA", "XIM", "XCC", "XCE", "XCO", "XEC", "XPO", "XOM", "XES", "XMP", "XDC", "IAO", // organisations
		"XXA", "XXB", "XXC", "XXX": // stateless, refugees, unspecified
		s.Known = true
	case "ANT", "SCG", "YUG", "TMP", "ZAR", "NTZ": // former entries, still on documents
		s.Known, s.Alpha3 = true, code
	default:
		if len(code) == 3 && strings.Contains(iso3166, " "+code+" ") {
			s.Known, s.Alpha3 = true, code
		}
	}
	return s
}

// iso3166 lists ISO 3166-1 alpha-3.
const iso3166 = " ABW AFG AGO AIA ALA ALB AND ARE ARG ARM ASM ATA ATF ATG AUS AUT AZE BDI BEL BEN BES BFA BGD BGR BHR BHS BIH " +
	"BLM BLR BLZ BMU BOL BRA BRB BRN BTN BVT BWA CAF CAN CCK CHE CHL CHN CIV CMR COD COG COK COL COM CPV CRI CUB CUW " +
	"CXR CYM CYP CZE DEU DJI DMA DNK DOM DZA ECU EGY ERI ESH ESP EST ETH FIN FJI FLK FRA FRO FSM GAB GBR GEO GGY GHA " +
	"GIB GIN GLP GMB GNB GNQ GRC GRD GRL GTM GUF GUM GUY HKG HMD HND HRV HTI HUN IDN IMN IND IOT IRL IRN IRQ ISL ISR " +
	"ITA JAM JEY JOR JPN KAZ KEN KGZ KHM KIR KNA KOR KWT LAO LBN LBR LBY LCA LIE LKA LSO LTU LUX LVA MAC MAF MAR MCO " +
	"MDA MDG MDV MEX MHL MKD MLI MLT MMR MNE MNG MNP MOZ MRT MSR MTQ MUS MWI MYS MYT NAM NCL NER NFK NGA NIC NIU NLD " +
	"NOR NPL NRU NZL OMN PAK PAN PCN PER PHL PLW PNG POL PRI PRK PRT PRY PSE PYF QAT REU ROU RUS RWA SAU SDN SEN SGP " +
	"SGS SHN SJM SLB SLE SLV SMR SOM SPM SRB SSD STP SUR SVK SVN SWE SWZ SXM SYC SYR TCA TCD TGO THA TJK TKL TKM TLS " +
	"TON TTO TUN TUR TUV TWN TZA UGA UKR UMI URY USA UZB VAT VCT VEN VGB VIR VNM VUT WLF WSM YEM ZAF ZMB ZWE "
