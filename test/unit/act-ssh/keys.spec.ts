import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import ssh2 from 'ssh2';
import { deliveredKey, fingerprintOf, readClientKey, readPublicKey } from '../../../controller/act/ssh/index.ts';
import { keyPairOfSeed } from '../../../controller/act/ssh/ed25519.ts';
import { ClassifiedError } from '../../../controller/model/index.ts';
import { newKey, newLockedKey, publicHalf } from '../../support/ssh-server.ts';
import { clientKeyOf, newClientKey } from '../../support/ssh-targets.ts';

const names = { file: 'KAMAL_AUTOSCALER_SSH_KEY_FILE', passphrase: 'KAMAL_AUTOSCALER_SSH_KEY_PASSPHRASE' };

describe('keys of SSH', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ssh-keys-'));
  });
  after(() => rm(folder, { recursive: true }));

  async function fileWith(text: string): Promise<string> {
    const file = join(folder, 'key');
    await writeFile(file, text);
    return file;
  }
  async function refusal(text: string, passphrase?: string): Promise<string> {
    try {
      await readClientKey({ file: await fileWith(text), ...(passphrase === undefined ? {} : { passphrase }), names });
    } catch (error) {
      expect(error).to.be.instanceOf(ClassifiedError).with.property('class', 'Invalid');
      return `${(error as ClassifiedError).message} ${(error as ClassifiedError).mend ?? ''}`;
    }
    throw new Error('it was taken');
  }

  it('makes a key pair of a seed that SSH implementations read', () => {
    const { publicKey, privateKey } = keyPairOfSeed(Buffer.alloc(32, 7));
    // The public half of this seed, as ssh-keygen prints it.
    expect(publicKey).to.equal('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs');
    const parsed = ssh2.utils.parseKey(privateKey);
    if (parsed instanceof Error) throw parsed;
    expect(parsed.isPrivateKey()).to.equal(true);
    expect(parsed.verify('words', parsed.sign('words'))).to.equal(true);
    expect(publicHalf(privateKey)).to.equal(publicKey);
    expect(keyPairOfSeed(Buffer.alloc(32, 7)).privateKey).to.equal(privateKey);
  });

  it('derives the delivered key from client key, installation and host alone', async () => {
    const privateKey = newKey();
    const [key, again, other] = [await clientKeyOf(privateKey), await clientKeyOf(privateKey), await newClientKey()];
    const first = deliveredKey(key, 'shop', 'host-id-1');
    expect(deliveredKey(again, 'shop', 'host-id-1')).to.deep.equal(first);
    const others = [deliveredKey(key, 'shop', 'host-id-2'), deliveredKey(key, 'blog', 'host-id-1'), deliveredKey(other, 'shop', 'host-id-1')];
    expect(new Set([first, ...others].map(({ publicKey }) => publicKey)).size).to.equal(4);
  });

  for (const type of ['ed25519', 'rsa', 'ecdsa'] as const) {
    it(`reads a client key of type ${type}`, async () => {
      const plain = newKey(type);
      const key = await readClientKey({ file: await fileWith(plain), names });
      expect(key.publicKey).to.equal(publicHalf(plain));
      expect(publicHalf(key.privateKey)).to.equal(key.publicKey);
      expect(key.file).to.equal(join(folder, 'key'));
    });
  }

  it('reads a key behind a passphrase as the same key, and does not offer its file to others', async () => {
    const { privateKey: locked, publicLine: half } = newLockedKey('a long one');
    const key = await readClientKey({ file: await fileWith(locked), passphrase: 'a long one', names });
    expect(key.publicKey).to.equal(readPublicKey(half));
    expect(key.file).to.equal(undefined);
    expect((await clientKeyOf(key.privateKey)).material.equals(key.material)).to.equal(true);
    expect(await refusal(locked)).to.match(/KEY_FILE: .*key has a passphrase Set KAMAL_AUTOSCALER_SSH_KEY_PASSPHRASE or KAMAL_AUTOSCALER_SSH_KEY_PASSPHRASE_FILE/);
    expect(await refusal(locked, 'a wrong one')).to.match(/KEY_PASSPHRASE: it does not open .*key/).and.not.include('a wrong one');
  });

  it('names setting, file and mend of a key that is none', async () => {
    expect(await refusal('not a key\n')).to.match(/KAMAL_AUTOSCALER_SSH_KEY_FILE: .*key is no private key .*ssh-keygen -t ed25519/);
    expect(await refusal(publicHalf(newKey()))).to.match(/holds a public key .*without \.pub/);
    expect(await refusal(generateKeyPairSync('rsa', { modulusLength: 1_024 }).privateKey.export({ type: 'pkcs1', format: 'pem' }).toString())).to.match(/RSA key of 1024 bits/);
    const missing = await readClientKey({ file: join(folder, 'none'), names }).catch((error: unknown) => error as ClassifiedError);
    expect(missing).to.have.property('message').that.matches(/KEY_FILE: .*none cannot be read \(ENOENT\)/);
  });

  it('reads public keys whose type and bytes agree', () => {
    const key = publicHalf(newKey());
    expect(readPublicKey(`${key} somebody@somewhere`)).to.equal(key);
    expect(readPublicKey(key.replace('ssh-ed25519', 'ssh-rsa'))).to.equal(undefined);
    expect(readPublicKey('ssh-ed25519 AAAA')).to.equal(undefined);
    expect(fingerprintOf(keyPairOfSeed(Buffer.alloc(32, 7)).publicKey)).to.match(/^SHA256:[A-Za-z0-9+/]{43}$/);
  });
});
