import subprocess,os,tempfile,socket,sys,threading,re,time
BIN=sys.argv[1]; 
def start(rounds="4",**env):
    d=tempfile.mkdtemp(); open(d+"/.env","w").close()
    e={"PATH":os.environ["PATH"],"DATABASE_URL":"sqlite:"+d+"/a.sqlite3","ALLOWED_HOSTS":"127.0.0.1,localhost","BCRYPT_ROUNDS":rounds,"PORT":"0","SECRET_KEY":"k"*40,"DEBUG":"true","CORS_ALLOW_ALL_ORIGINS":"true"}
    e.update(env)
    p=subprocess.Popen([BIN],env=e,cwd=d,stderr=subprocess.PIPE)
    while True:
        l=p.stderr.readline().decode()
        m=re.search(r"http://127.0.0.1:(\d+)/",l)
        if m: break
        if not l: raise SystemExit("no start")
    threading.Thread(target=lambda:[None for _ in p.stderr],daemon=True).start()
    return p,int(m[1]),d
def hwm(p):
    return int(re.search(r"VmHWM:\s+(\d+)",open(f"/proc/{p.pid}/status").read())[1])
def req(port,raw):
    s=socket.create_connection(("127.0.0.1",port)); 
    try:
        s.sendall(raw)
    except OSError: pass
    s.settimeout(200); r=b""
    try:
        while True:
            b=s.recv(65536)
            if not b: break
            r+=b
    except OSError as x: r+=repr(x).encode()
    return r
def get(port,h,v,path="/api/token/",method="GET"):
    n=b"" if h.lower()=="host" else b"Host: localhost\r\n"
    return req(port,method.encode()+b" "+path.encode()+b" HTTP/1.1\r\n"+n+h.encode()+b": "+v+b"\r\nConnection: close\r\n\r\n")
def post(port,path,ct,body,length=None,extra=b""):
    return req(port,b"POST "+path.encode()+b" HTTP/1.1\r\nHost: localhost\r\nContent-Type: "+ct.encode()+b"\r\nContent-Length: "+str(len(body) if length is None else length).encode()+b"\r\n"+extra+b"Connection: close\r\n\r\n"+body)
