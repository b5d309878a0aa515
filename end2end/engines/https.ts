// Encryption in front of a server, as phones have it.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect, type AddressInfo } from "node:net";
import { join } from "node:path";
import { createServer, type Server } from "node:tls";

export class Https {
  private readonly listener: Server;

  private constructor(listener: Server) {
    this.listener = listener;
  }

  /** In front of a port of this machine, with a certificate for two days that nobody else trusts, made in this folder. */
  static async before(port: number, folder: string): Promise<Https> {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    execFileSync("openssl", ["req", "-x509", ...curve, "-keyout", key, "-out", cert, ...subject], { stdio: "ignore" });
    const listener = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (near) => {
      const far = connect(port, "127.0.0.1");
      near.pipe(far).pipe(near);
      // Whoever goes takes the other along.
      for (const [one, other] of [
        [near, far],
        [far, near],
      ]) {
        one.on("error", () => undefined);
        one.on("close", () => other.destroy());
      }
    });
    listener.on("tlsClientError", () => undefined);
    await new Promise<void>((done) => listener.listen(0, "127.0.0.1", done));
    listener.unref();
    return new Https(listener);
  }

  get url(): string {
    return `https://127.0.0.1:${(this.listener.address() as AddressInfo).port}`;
  }
}
