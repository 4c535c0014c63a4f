import { expect } from 'chai';
import fc from 'fast-check';
import { bootArguments, configArguments, deployArguments, liveArguments, lockAcquireArguments, lockReleaseArguments, lockStatusArguments, maintenanceArguments, secretsArguments, setupArguments, stopArguments } from '../../../controller/act/deploy/kamal/arguments.ts';
import { extraVariable, isDeployable } from '../../../controller/act/deploy/kamal/app-names.ts';
import { lockMessage, readLockStatus } from '../../../controller/act/deploy/kamal/lock-status.ts';
import { API_VERSION } from '../../../controller/api/index.ts';
import { ClassifiedError } from '../../../controller/model/index.ts';
import { admit } from '../../../controller/runtime/store/validation/index.ts';
import { hostile, runs, valueOrError } from './bounds.ts';

const optionLike = fc.oneof(hostile, hostile.map((text) => `-${text}`), fc.constantFrom('--help', '-h', 'a,b', 'a b', '@file', 'web', '10.0.0.1', 'v1'));

/** What may come so far: a pool with these was stored, and the version can be deployed. */
function comesThrough(service: string, role: string, destination: string, host: string): boolean {
  return !(valueOrError(() => admit('HostPool', {
    apiVersion: API_VERSION, kind: 'HostPool', metadata: { name: 'web' },
    spec: { kamal: { service, role, destination }, roleKind: 'Job', maxReplicas: 3, fixedHosts: [{ name: 'a', address: host }], placements: [{ name: 'p', provider: 'Local', local: {} }] },
  })) instanceof ClassifiedError);
}

describe('command lines of Kamal', () => {
  it('hold each value in the word of its option, so that none is another option', () => {
    fc.assert(fc.property(optionLike, optionLike, optionLike, optionLike, optionLike, (role, destination, host, version, message) => {
      const run = { role: { service: 'shop', role, destination }, host, version };
      const lock = { service: 'shop', destination, version };
      const vectors = [
        ...[setupArguments, deployArguments, bootArguments, liveArguments, stopArguments].map((words) => words(run)), maintenanceArguments(run, 30),
        lockStatusArguments(lock), lockReleaseArguments(lock), lockAcquireArguments(lock, message), configArguments(lock), secretsArguments(lock),
      ];
      for (const words of vectors) {
        // The command itself, options without a value, and options that hold theirs.
        for (const word of words) expect(word).to.match(/^(setup|deploy|app|boot|live|stop|maintenance|lock|status|release|acquire|config|secrets|print|--skip-push|--skip-hooks|--primary|--quiet|--(hosts|version|destination|roles|drain-timeout|message)=[\s\S]*)$/);
        const held = new Map(words.filter((word) => word.includes('=')).map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]));
        expect(held.get('--version')).to.equal(version);
        expect(held.get('--destination')).to.equal(destination);
        if (held.has('--hosts')) expect(held.get('--hosts')).to.equal(host);
        if (held.has('--roles')) expect(held.get('--roles')).to.equal(role);
        if (held.has('--message')) expect(held.get('--message')).to.equal(message);
      }
    }), runs(300));
  });

  it('name one host, one role, one destination: no list gets so far', () => {
    expect(comesThrough('shop', 'web', 'eu', '10.0.0.1')).to.equal(true);
    fc.assert(fc.property(optionLike, fc.constantFrom(0, 1, 2, 3), (text, at) => {
      const values = ['shop', 'web', 'eu', '10.0.0.1'].map((usual, index) => (index === at ? text : usual)) as [string, string, string, string];
      if (comesThrough(...values)) expect(text).to.match(at === 3 ? /^[A-Za-z0-9:][A-Za-z0-9.:-]*$/ : /^[a-z0-9][a-z0-9_-]*$/);
      if (at === 1 && comesThrough(...values)) expect(extraVariable(text)).to.match(/^KAMAL_AUTOSCALE_EXTRA_[A-Z0-9_]+$/);
      if (isDeployable(text)) expect(text).to.match(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/);
    }), runs(400));
  });

  it('of a lock carry an operation that is read back from what Kamal prints', () => {
    fc.assert(fc.property(fc.stringMatching(/^[a-z0-9]{1,20}\/[A-Za-z0-9._-]{1,40}$/), hostile, (operationID, by) => {
      const who = by.replaceAll(/\s/g, '_');
      expect(readLockStatus(`Locked by: ${who} at 2027-01-01T00:00:00Z\nVersion: v1\nMessage: ${lockMessage(operationID)}\n`)?.operationID).to.equal(operationID);
    }), runs(200));
  });
});
