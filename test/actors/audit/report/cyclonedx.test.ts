/** The bill of materials is valid by the format's own schema, and says of each package what the lockfiles say. */
import { cyclonedxJson } from '#actors/audit/report/cyclonedx';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import t from 'tap';
import { component, emptyResult, hostileInput, inputWith } from './sample.js';

const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);

interface BomJson {
  readonly serialNumber: string;
  readonly metadata: { readonly timestamp: string; readonly component: Record<string, unknown> };
  readonly components: readonly Record<string, unknown>[];
}

function bomOf(...components: readonly ReturnType<typeof component>[]): BomJson {
  return JSON.parse(cyclonedxJson(inputWith({ components, head: 'b'.repeat(40) })));
}

const hex = Buffer.alloc(64, 7).toString('hex');

t.test(
  'bills with hostile names, odd licences and odd hashes are valid CycloneDX 1.6, an empty one as well',
  async (t) => {
    const components = [
      component({ licence: '(MIT OR Apache-2.0) AND BSD-3-Clause', purl: 'pkg:npm/a@1', name: '@scope/a' }),
      component({ licence: 'see LICENSE | <b>', purl: 'pkg:npm/b@1', integrity: 'sha512-broken' }),
      component({ licence: 'mit', purl: 'pkg:npm/c@1', integrity: '' }),
      component({ ecosystem: 'golang', purl: 'pkg:golang/x/y@v1.0.0', integrity: 'h1:AAAA=', licence: '' }),
      component({ ecosystem: 'cargo', purl: 'pkg:cargo/d@1', integrity: 'ab'.repeat(32) }),
    ];
    for (const input of [inputWith({ components }), hostileInput(), inputWith()]) {
      t.equal(await validator.validate(cyclonedxJson(input)), null);
    }
  },
);

const mutations: readonly (readonly [fault: string, mutate: (bom: BomJson) => unknown])[] = [
  ['a component without a name', (bom) => ({ ...bom, components: [{ type: 'library' }] })],
  [
    'a hash of the wrong length',
    (bom) => ({ ...bom, components: [{ ...bom.components[0], hashes: [{ alg: 'MD5', content: 'ab' }] }] }),
  ],
  [
    'an unknown licence id',
    (bom) => ({ ...bom, components: [{ ...bom.components[0], licenses: [{ license: { id: 'No' } }] }] }),
  ],
  ['a serial number that is no UUID', (bom) => ({ ...bom, serialNumber: 'urn:uuid:1' })],
  ['an unknown field', (bom) => ({ ...bom, findings: [] })],
];
for (const [fault, mutate] of mutations) {
  t.test(`the validator refuses ${fault}, so that the test above can fail`, async (t) => {
    t.not(await validator.validate(JSON.stringify(mutate(bomOf(component())))), null);
  });
}

t.test('one package in two lockfiles is one component that names both; optional only when both say so', (t) => {
  const [merged, ...rest] = bomOf(
    component({ path: 'web/package-lock.json', licence: '', development: true }),
    component({ path: 'api/package-lock.json', development: false }),
  ).components;
  t.same(rest, []);
  t.match(merged, { name: 'left-pad', purl: 'pkg:npm/left-pad@1.3.0', licenses: [{ license: { id: 'WTFPL' } }] });
  t.same(merged?.['properties'], [
    { name: 'skep:lockfile', value: 'api/package-lock.json' },
    { name: 'skep:lockfile', value: 'web/package-lock.json' },
  ]);
  t.notOk(Object.hasOwn(merged ?? {}, 'scope'));
  t.match(bomOf(component({ development: true })).components[0], { scope: 'optional' });
  t.end();
});

t.test('npm integrity becomes hex by algorithm; a hash that is none of the archive stays a property', (t) => {
  const sha1 = Buffer.alloc(20, 1);
  const both = component({ integrity: `${component().integrity}?x sha1-${sha1.toString('base64')}` });
  t.same(bomOf(both).components[0]?.['hashes'], [
    { alg: 'SHA-1', content: sha1.toString('hex') },
    { alg: 'SHA-512', content: hex },
  ]);
  t.same(bomOf(component({ integrity: `sha256:${'AB'.repeat(32)}` })).components[0]?.['hashes'], [
    { alg: 'SHA-256', content: 'ab'.repeat(32) },
  ]);
  const go = bomOf(component({ ecosystem: 'golang', integrity: 'h1:AAAA=' })).components[0];
  t.notOk(Object.hasOwn(go ?? {}, 'hashes'));
  t.match(go?.['properties'], [{ name: 'skep:integrity', value: 'h1:AAAA=' }, { name: 'skep:lockfile' }]);
  t.end();
});

t.test('a licence is an id, an expression or a name, whichever it is', (t) => {
  const licenceOf = (licence: string) => bomOf(component({ licence })).components[0]?.['licenses'];
  t.same(licenceOf('apache-2.0'), [{ license: { id: 'Apache-2.0' } }]);
  t.same(licenceOf('MIT OR ISC'), [{ expression: 'MIT OR ISC' }]);
  t.same(licenceOf('my own terms'), [{ license: { name: 'my own terms' } }]);
  t.equal(licenceOf(''), undefined);
  t.end();
});

t.test('the bill is the same for the same digest and time, and its serial number follows the digest', (t) => {
  const one = cyclonedxJson(inputWith({ components: [component({ purl: 'pkg:npm/b@1' }), component()] }));
  const two = cyclonedxJson(inputWith({ components: [component(), component({ purl: 'pkg:npm/b@1' })] }));
  t.equal(one, two);
  const other: BomJson = JSON.parse(cyclonedxJson(inputWith({ digest: `sha256:${'1'.repeat(64)}` })));
  const first: BomJson = JSON.parse(cyclonedxJson(inputWith({ digest: emptyResult.digest })));
  t.not(first.serialNumber, other.serialNumber);
  t.match(first.serialNumber, /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  t.equal(first.metadata.timestamp, '2026-03-01T09:15:00.000Z');
  t.end();
});
