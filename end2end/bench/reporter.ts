// Prints what the measurements print, and why one failed; nothing else.

import type { FullResult, Reporter, TestCase, TestResult } from "@playwright/test/reporter";

export default class Plain implements Reporter {
  onStdOut(chunk: string | Buffer): void {
    process.stdout.write(chunk);
  }

  onStdErr(chunk: string | Buffer): void {
    process.stderr.write(chunk);
  }

  onTestEnd(test: TestCase, result: TestResult): void {
    if (result.status !== "passed") console.error(`✗ ${test.title}\n${result.errors.map((e) => e.message).join("\n")}`);
  }

  onEnd(result: FullResult): void {
    if (result.status !== "passed") console.error("not everything could be measured");
  }

  printsToStdio(): boolean {
    return true;
  }
}
