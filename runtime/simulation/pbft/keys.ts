/**
 * Signatures and digests of simulated groups. A keyed hash stands for a signature, because a run signs and verifies
 * hundreds of thousands of times and what is simulated is the protocol: that liars do not forge is then a matter of what
 * they are handed (see `lair.ts`), and that a signature belongs to these bytes and this signer is as true as with real
 * ones. The same model runs with Ed25519 and SHA-256 of node:crypto, as a driver in production would.
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { Claim } from '#protocols/pbft/evidence';
import { signedBytes } from '#protocols/pbft/encoding';
import type { Body, Signed } from '#protocols/pbft/message';
import type { Digest } from '#protocols/pbft/settings';

/** Who signs: a replica or a client. */
export type Signer = Claim['signer'];

/** All keys of a group. Whoever holds it can sign for anybody, so it is handed out with care. */
export interface Keys {
  readonly digest: Digest;
  sign(signer: Signer, bytes: Uint8Array): Uint8Array;
  /** False for a signer that nobody knows. */
  verify(claim: Claim): boolean;
}

/** Which cryptography a group has. */
export type Cryptography = 'keyed hash' | 'ed25519';

/** Keys of these replicas and clients. */
export function keysOf(cryptography: Cryptography, replicas: number, clients: readonly string[]): Keys {
  const names = [...Array.from({ length: replicas }, (_, replica) => nameOf({ replica })), ...clients];
  return cryptography === 'ed25519' ? ed25519(names) : keyedHash(names);
}

/** A message with its signature. */
export function signed<T extends Body>(keys: Keys, signer: Signer, body: T): Signed<T> {
  return { ...body, signature: keys.sign(signer, signedBytes(body)) };
}

function nameOf(signer: Signer): string {
  return 'replica' in signer ? `replica ${signer.replica}` : signer.client;
}

function keyedHash(names: readonly string[]): Keys {
  const secrets = new Map(names.map((name, index) => [name, Math.imul(index + 1, 0x9e3779b9)]));
  const make = (name: string, bytes: Uint8Array): Uint8Array | undefined => {
    const secret = secrets.get(name);
    return secret === undefined ? undefined : new Uint8Array(Uint32Array.from(hash(bytes, secret)).buffer);
  };
  return {
    digest: (bytes) => hex(hash(bytes, 0)),
    sign: (signer, bytes) => make(nameOf(signer), bytes) ?? new Uint8Array(0),
    verify: ({ signer, bytes, signature }) => {
      const right = make(nameOf(signer), bytes);
      return right?.length === signature.length && right.every((byte, index) => byte === signature[index]);
    },
  };
}

function ed25519(names: readonly string[]): Keys {
  const pairs = new Map(names.map((name) => [name, keyPair(name)]));
  return {
    digest: (bytes) => createHash('sha256').update(bytes).digest('hex'),
    sign: (signer, bytes) => {
      const pair = pairs.get(nameOf(signer));
      return pair === undefined ? new Uint8Array(0) : new Uint8Array(sign(null, bytes, pair.privateKey));
    },
    verify: ({ signer, bytes, signature }) => {
      const pair = pairs.get(nameOf(signer));
      return pair !== undefined && verify(null, bytes, pair.publicKey, signature);
    },
  };
}

/** What stands before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A key from a name, so that a run is the same each time; keys in production come from somewhere else. */
function keyPair(name: string): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  const seed = createHash('sha256').update(name).digest();
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** 64 bits of a hash, as two halves; nobody here looks for collisions. */
export function hash(bytes: Uint8Array, secret: number): readonly [number, number] {
  let low = (0x811c9dc5 ^ secret) | 0;
  let high = Math.imul(secret ^ bytes.length, 0x85ebca6b);
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index] as number;
    low = Math.imul(low ^ byte, 0x01000193);
    high = Math.imul((high ^ (high >>> 13) ^ byte) + (low >>> 15), 0xc2b2ae35);
  }
  return [low >>> 0, (high ^ (high >>> 16)) >>> 0];
}

/** Two halves as 16 hexadecimal digits. */
export function hex(halves: readonly [number, number]): string {
  return halves.map((half) => half.toString(16).padStart(8, '0')).join('');
}
