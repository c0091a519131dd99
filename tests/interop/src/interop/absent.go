package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"
)

// How many characters a value has, at least, that is replaced wherever it stands: shorter ones stand in places that
// nobody selected, and may.
const propagatedCharacters = 8

// Checks that no value stands in the data: as it is, in base64 or URL-encoded. It looks for them without a thought of
// how the data is made up. As it is, a value may stand there as often as allowed says.
func absentFrom(data []byte, values [][]byte, allowed func(value []byte) int) error {
	for _, value := range values {
		if utf8.RuneCount(value) < propagatedCharacters {
			continue
		}
		for i, form := range forms(value) {
			may := 0
			if i == 0 {
				may = allowed(value)
			} else if form == string(value) {
				continue
			}
			if count := bytes.Count(data, []byte(form)); count > may {
				return fmt.Errorf("%q is left %d times as %q, where %d would be right", value, count, form, may)
			}
		}
	}
	return nil
}

func never([]byte) int { return 0 }

// The ways to write a value, the first as it is. In base64 there are three, as it begins with the first, second or
// third byte of a group; characters that other bytes have a part in are left out. URL-encoded it depends on the part
// of the URL which characters stay.
func forms(value []byte) []string {
	forms := []string{string(value)}
	for _, staying := range []string{"-_.~", "-_.~/", "-_.~/:@!$&'()*+,;="} {
		for _, format := range []string{"%%%02X", "%%%02x"} {
			forms = append(forms, urlEncoded(value, staying, format))
		}
	}
	for shift := 0; shift < 3; shift++ {
		padded := append(make([]byte, shift), value...)
		first, behind := (8*shift+5)/6, 8*len(padded)/6
		for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			forms = append(forms, alphabet.EncodeToString(padded)[first:behind])
		}
	}
	return forms
}

func urlEncoded(value []byte, staying, format string) string {
	var encoded strings.Builder
	for _, b := range value {
		if '0' <= b && b <= '9' || 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z' || strings.IndexByte(staying, b) >= 0 {
			encoded.WriteByte(b)
		} else {
			fmt.Fprintf(&encoded, format, b)
		}
	}
	return encoded.String()
}
