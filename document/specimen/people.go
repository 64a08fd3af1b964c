package specimen

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// pick gives one of a list.
func pick[T any](rng *rand.Rand, list []T) T { return list[rng.IntN(len(list))] }

// runesOf picks n characters.
func runesOf(rng *rand.Rand, list string, n int) string {
	letters := []rune(list)
	var b strings.Builder
	for range n {
		b.WriteRune(letters[rng.IntN(len(letters))])
	}
	return b.String()
}

// level1 gives a character of GB 2312's first level (the 3,755 in common use), any of them.
func level1(rng *rand.Rand) string {
	for {
		code := []byte{byte(0xB0 + rng.IntN(0xD8-0xB0)), byte(0xA1 + rng.IntN(94))}
		s, err := simplifiedchinese.GBK.NewDecoder().Bytes(code)
		if err == nil && len([]rune(string(s))) == 1 && []rune(string(s))[0] >= 0x4E00 {
			return string(s)
		}
	}
}

const (
	surnames = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
	given    = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国文博子轩梓涵欣怡浩然宇航诗雨思源嘉豪俊凯雅婷晓梅海燕志远春花少波永康立新晨曦泽宏逸飞佳琪若琳天佑承恩慧珍雪莲光辉振东家栋丹凤云鹏兴旺瑞祥宁馨悦彤睿安琦皓月锦程铭哲钰莹"
	places   = "青松白云清河东湖南山西塘北岭金沙银杏长安永乐新华和平建设解放胜利友谊光明花园桃源柳林竹溪梅岭石桥龙泉凤凰荷塘月明星海玉泉双井大成安康福寿古城高升广元临江望海红旗文昌"
	kinds    = "路街巷"
)

// chinese is what a resident identity card says.
type chinese struct {
	name, sex, number, address, authority string
	birth, from, until                    time.Time
	forever                               bool
}

func inventChinese(rng *rand.Rand) chinese {
	var p chinese
	p.name = runesOf(rng, surnames, 1)
	for range 1 + rng.IntN(2) {
		if rng.IntN(6) == 0 {
			p.name += level1(rng)
		} else {
			p.name += runesOf(rng, given, 1)
		}
	}
	if rng.IntN(25) == 0 { // a name in the style of a transcription
		p.name = runesOf(rng, given, 2) + "·" + runesOf(rng, given, 3)
	}
	p.birth = time.Date(1945+rng.IntN(62), time.Month(1+rng.IntN(12)), 1+rng.IntN(28), 0, 0, 0, 0, time.UTC)
	serial := 1 + rng.IntN(998)
	p.sex = "女"
	if serial%2 == 1 {
		p.sex = "男"
	}
	p.number = withCheck(fmt.Sprintf("999999%s%03d", p.birth.Format("20060102"), serial))
	p.address = inventAddress(rng)
	p.authority = runesOf(rng, places, 2) + pick(rng, []string{"市公安局", "县公安局", "市公安局" + runesOf(rng, places, 2) + "分局"})
	p.from = time.Date(2016+rng.IntN(9), time.Month(1+rng.IntN(12)), 1+rng.IntN(28), 0, 0, 0, 0, time.UTC)
	years := pick(rng, []int{10, 20, 20})
	p.until = p.from.AddDate(years, 0, 0)
	p.forever = rng.IntN(8) == 0
	return p
}

func inventAddress(rng *rand.Rand) string {
	a := runesOf(rng, places, 2) + "省" + runesOf(rng, places, 2)
	if rng.IntN(3) == 0 {
		return a + "县" + runesOf(rng, places, 2) + "镇" + runesOf(rng, places, 2) + "村" + fmt.Sprintf("%d组%d号", 1+rng.IntN(20), 1+rng.IntN(200))
	}
	a += "市" + runesOf(rng, places, 2) + "区" + runesOf(rng, places, 2+rng.IntN(2)) + runesOf(rng, kinds, 1) + fmt.Sprintf("%d号", 1+rng.IntN(999))
	switch rng.IntN(3) {
	case 0:
		a += fmt.Sprintf("%d幢%d单元%d室", 1+rng.IntN(40), 1+rng.IntN(6), 101+100*rng.IntN(18)+rng.IntN(4))
	case 1:
		a += runesOf(rng, places, 2) + "小区" + fmt.Sprintf("%d栋%d室", 1+rng.IntN(40), 101+100*rng.IntN(30)+rng.IntN(8))
	}
	return a
}

// withCheck appends the check character of GB 11643-1999 (ISO 7064 MOD 11-2) to 17 digits.
func withCheck(digits string) string {
	sum := 0
	for i, r := range digits {
		sum += int(r-'0') * ((1 << (17 - i)) % 11)
	}
	return digits + string("10X98765432"[sum%11])
}
