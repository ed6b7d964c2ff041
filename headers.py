exec(open("/tmp/h/m/m.py").read())
cases=[("Accept",lambda n:(b"a/b,"*n)[:n]),("Accept-Language",lambda n:(b"de,"*n)[:n]),("Content-Type",lambda n:(b"a/b;"+b"a=b;"*n)[:n]),
("Content-Type",lambda n:(b"multipart/form-data;boundary="+b"b"*n)[:n]),
("Cookie",lambda n:b"".join(b"%x=;"%i for i in range(n//5))[:n]),("Authorization",lambda n:b"Bearer "+b"x"*n),("Authorization",lambda n:b"Bearer"+b" x"*(n//2)),("Origin",lambda n:b"http://"+b"a."*(n//2)),("Host",lambda n:b"a."*(n//2)),
("X-Forwarded-For",lambda n:b"1.1.1.1,"*(n//8)),("Access-Control-Request-Headers",lambda n:b"".join(b"%x,"%i for i in range(n//5))[:n])]
for h,f in cases:
  for n in (64000,200000):
    for m in ("GET","POST","OPTIONS"):
        p,port,d=start()
        get(port,"Accept",b"text/html",method=m)
        a=hwm(p); ex=""
        v=f(n)
        if h.startswith("Access"): v=v+b"\r\nOrigin: http://a.b\r\nAccess-Control-Request-Method: GET"
        r=get(port,h,v,method=m); b=hwm(p); p.kill(); p.wait()
        print(h,n,m,"before",a,"grew KiB",b-a,r[:30])
