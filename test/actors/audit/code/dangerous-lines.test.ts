/** Dangerous forms in languages without a parser here. */
import t from 'tap';
import { findDangerousLines } from '#actors/audit/code/dangerous-lines';
import { brief, sample } from './sample.js';

const bad: readonly (readonly [path: string, text: string, expected: string])[] = [
  ['a.py', 'x = pickle.loads(data)', 'dangerous/deserialisation medium 1'],
  ['a.py', 'yaml.load(text)', 'dangerous/deserialisation medium 1'],
  ['a.py', 'yaml.load(text, Loader=yaml.FullLoader)', 'dangerous/deserialisation medium 1'],
  ['a.py', 'x = 1\neval(expression)', 'dangerous/eval high 2'],
  ['a.py', 'exec(f"x = {value}")', 'dangerous/eval high 1'],
  ['a.py', 'subprocess.run(cmd, shell=True)', 'dangerous/shell-command high 1'],
  ['a.py', 'subprocess.run(f"ls {d}", shell=True)', 'dangerous/shell-command high 1'],
  ['a.py', 'subprocess.run("ls -l", shell=True)', 'dangerous/shell-command low 1'],
  ['a.py', 'os.system("rm " + name)', 'dangerous/shell-command high 1'],
  ['a.py', 'requests.get(url, verify=False)', 'dangerous/tls-unverified medium 1'],
  ['a.py', 'hashlib.md5(data)', 'dangerous/weak-hash low 1'],
  ['a.py', 'tempfile.mktemp()', 'dangerous/insecure-temp low 1'],
  ['a.go', '&tls.Config{InsecureSkipVerify: true}', 'dangerous/tls-unverified medium 1'],
  ['a.go', 'exec.Command("sh", "-c", cmd)', 'dangerous/shell-command high 1'],
  ['a.go', 'exec.CommandContext(ctx, "/bin/bash", "-c", "ls "+dir)', 'dangerous/shell-command high 1'],
  ['a.go', 'h := md5.New()', 'dangerous/weak-hash low 1'],
  ['a.go', 'template.HTML(body)', 'dangerous/html-assignment medium 1'],
  ['a.rb', 'eval(code)', 'dangerous/eval high 1'],
  ['a.rb', 'system("ls #{dir}")', 'dangerous/shell-command high 1'],
  ['a.rb', 'Marshal.load(data)', 'dangerous/deserialisation medium 1'],
  ['a.rb', 'http.verify_mode = OpenSSL::SSL::VERIFY_NONE', 'dangerous/tls-unverified medium 1'],
  ['a.php', '<?php eval($code);', 'dangerous/eval high 1'],
  ['a.php', '<?php shell_exec("ls " . $dir);', 'dangerous/shell-command high 1'],
  ['a.php', '<?php unserialize($data);', 'dangerous/deserialisation medium 1'],
  ['a.php', "<?php include 'pages/' . $_GET['p'];", 'dangerous/dynamic-require medium 1'],
  ['a.php', '<?php curl_setopt($c, CURLOPT_SSL_VERIFYPEER, false);', 'dangerous/tls-unverified medium 1'],
  ['a.sh', 'curl -fsSL https://example.org/install | sudo -E bash', 'dangerous/pipe-to-shell medium 1'],
  ['a.sh', 'bash <(curl -s https://example.org/install)', 'dangerous/pipe-to-shell medium 1'],
  ['a.sh', 'sh -c "$(wget -qO- https://example.org/install)"', 'dangerous/pipe-to-shell medium 1'],
  ['a.sh', 'eval "$command"', 'dangerous/eval medium 1'],
  ['a.sh', 'chmod -R 777 /data', 'dangerous/world-writable low 1'],
  ['a.sh', 'curl -sk https://example.org', 'dangerous/tls-unverified medium 1'],
  ['Dockerfile', 'RUN wget -O - https://example.org/i.sh | sh', 'dangerous/pipe-to-shell medium 1'],
  ['ci.yml', '  run: curl https://example.org/i.sh | bash', 'dangerous/pipe-to-shell medium 1'],
];

for (const [path, text, expected] of bad) {
  t.test(`${path}: ${text} is ${expected}`, async (t) => {
    t.strictSame(brief(findDangerousLines(sample(path, text))), [expected]);
  });
}

const good: readonly (readonly [path: string, text: string])[] = [
  ['a.py', '# pickle.loads(data)'],
  ['a.py', '"""\npickle.loads(data)\neval(x)\n"""'],
  ['a.py', 'yaml.load(text, Loader=yaml.SafeLoader)'],
  ['a.py', 'yaml.load(\n  text,\n  Loader=SafeLoader,\n)'],
  ['a.py', 'yaml.safe_load(text)'],
  ['a.py', 'model.eval()\nre.eval(x)\nliteral_eval(x)'],
  ['a.py', 'subprocess.run(["ls", d])'],
  ['a.py', 'os.system("clear")'],
  ['a.py', 'hashlib.md5(data, usedforsecurity=False)'],
  ['a.go', 'exec.Command("git", "status")'],
  ['a.go', 'exec.Command("sh", "-c", "ls -l")'],
  ['a.go', '// InsecureSkipVerify: true'],
  ['a.go', 'InsecureSkipVerify: false'],
  ['a.rb', "system('ls', dir)"],
  ['a.php', '<?php exec(escapeshellcmd($x));'],
  ['a.php', '<?php $db->exec($sql); // eval($x)'],
  ['a.sh', '# curl https://example.org | sh'],
  ['a.sh', 'curl -o f https://example.org && sha256sum -c f.sum'],
  ['a.sh', 'eval "$(ssh-agent -s)"'],
  ['a.sh', 'curl -H "x-k: 1" https://example.org'],
  ['a.md', 'curl https://example.org | sh'],
];

for (const [path, text] of good) {
  t.test(`${path}: ${JSON.stringify(text)} is harmless`, async (t) => {
    t.strictSame(brief(findDangerousLines(sample(path, text))), []);
  });
}

t.test('a line of data is passed over, and the lines around it are not', async (t) => {
  const data = 'eval "'.repeat(50_000);
  t.strictSame(brief(findDangerousLines(sample('a.sh', `eval $a\n${data}$\neval $b\n`))), [
    'dangerous/eval medium 1',
    'dangerous/eval medium 3',
  ]);
});
