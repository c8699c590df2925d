/** A program that speaks the lines of the benchmarks, and goes wrong in the way that its first argument names. */
import { createInterface } from 'node:readline';

const [way, size] = process.argv.slice(2);
if (way === 'absent') process.stdout.write('absent nothing here\n');
else process.stdout.write(`library says hello\nready version=1.2.3\n`);
for await (const line of createInterface({ input: process.stdin })) {
  if (way === 'dies') {
    process.stderr.write('the last words\n');
    process.exit(7);
  }
  if (way === 'fails') process.stdout.write('failed Error: it did not work\n');
  else process.stdout.write(`done ms=2.5 operations=${line.split('=')[1]} p50_us=${size.split('=')[1]}\n`);
}
