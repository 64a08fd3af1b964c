package capture
import ("testing";"os";"context";"time";"path/filepath";"image";"image/png")
func TestSmoke(t *testing.T){
 fs,_:=filepath.Glob("/root/go/pkg/mod/github.com/gen2brain/heic@v0.4.5/testdata/*"); more,_:=filepath.Glob("/tmp/lk/d.*"); fs=append(fs,more...)
 d:=NewDecoder(Limits{})
 for _,f:=range fs{ b,_:=os.ReadFile(f); t0:=time.Now(); c0:=cpuMS(); m,err:=d.Decode(context.Background(),b); if err!=nil{t.Log(f,err);continue}; t.Log(filepath.Base(f),m.Format,m.Width,m.Height,time.Since(t0),cpuMS()-c0, m.Pix[:6])
  o:=image.NewRGBA(image.Rect(0,0,m.Width,m.Height)); for i:=0;i<m.Width*m.Height;i++{copy(o.Pix[4*i:],m.Pix[3*i:3*i+3]);o.Pix[4*i+3]=255}; w,_:=os.Create("/tmp/lk/out_"+filepath.Base(f)+".png"); png.Encode(w,o); w.Close() }
}
