package openapi
import ("testing";"fmt")
func TestX(t *testing.T){ d,err:=Load(); if err!=nil {t.Fatal(err)}; fmt.Println(len(d.JSON)); for _,o:=range d.Operations(){fmt.Println(o.Curl(), o.Problems)}; fmt.Println(string(d.JSON[:1500])) }
