import { expect } from 'chai';
import { ClassifiedError, type ErrorClass } from '../../../controller/model/index.ts';
import { type World, createWorld, fillShop } from './world.ts';

const COMMANDS = ['run', 'demo', 'get', 'describe', 'validate', 'scale', 'pause', 'resume', 'version'];

describe('the program', () => {
  let world: World;
  beforeEach(() => {
    world = createWorld();
  });

  for (const command of COMMANDS) {
    it(`explains \`${command}\` with an example, in 80 columns`, async () => {
      const { exitCode, stdout, stderr } = await world.call(`${command} --help`);
      expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
      expect(stdout).to.match(new RegExp(`^Examples?:\\n  kamal-autoscaler ${command}`, 'm'));
      for (const line of stdout.split('\n')) expect(line.length, line).to.be.at.most(80);
    });
  }

  it('lists every command and every exit code in its help', async () => {
    const { exitCode, stdout } = await world.call('--help');
    expect(exitCode).to.equal(0);
    for (const command of COMMANDS) expect(stdout).to.match(new RegExp(`^  ${command} `, 'm'));
    expect(stdout).to.contain('Exit codes:\n  0  done\n  1  failed\n  2  wrong usage\n  3  not found\n  4  refused, or in conflict with another writer\n');
    for (const line of stdout.split('\n')) expect(line.length, line).to.be.at.most(80);
  });

  it('says its version', async () => {
    for (const line of ['version', '--version', '-V']) expect(await world.call(line)).to.deep.equal({ exitCode: 0, stdout: '0.1.0\n', stderr: '' });
  });

  it('shows its help and fails without a command', async () => {
    const { exitCode, stdout, stderr } = await world.call([]);
    expect({ exitCode, stdout }).to.deep.equal({ exitCode: 2, stdout: '' });
    expect(stderr).to.match(/^Usage: kamal-autoscaler/).and.to.match(/\nerror: no command is given\nmend: write one of the commands above\n$/);
  });

  it('says which command was probably meant', async () => {
    expect(await world.call('gte hp')).to.deep.equal({ exitCode: 2, stdout: '', stderr: "error: unknown command 'gte'\nmend: did you mean get?\n" });
  });

  it('hands flags to run and demo, and takes their exit code', async () => {
    await world.call('run --config config --installation shop --scrape-interval 5 --max-servers Local=5 --log-level warn');
    expect(world.runs).to.deep.equal([{ config: 'config', installation: 'shop', scrapeInterval: '5', maxServers: 'Local=5', logLevel: 'warn' }]);
    world.composition.demo = async (flags) => {
      world.demos.push(flags);
      return 1;
    };
    expect((await world.call('demo --seed 7 --svg plot.svg')).exitCode).to.equal(1);
    expect(world.demos).to.deep.equal([{ seed: 7, svg: 'plot.svg' }]);
    expect((await world.call('demo --seed x')).exitCode).to.equal(2);
  });

  it('calls a wrong flag of run wrong usage', async () => {
    world.composition.run = async () => {
      throw new ClassifiedError('Invalid', 'no installation name', { mend: 'write --installation NAME' });
    };
    expect(await world.call('run')).to.deep.equal({ exitCode: 2, stdout: '', stderr: 'error: no installation name\nmend: write --installation NAME\n' });
  });

  const classes: [ErrorClass, number][] = [
    ['NotFound', 3], ['Conflict', 4], ['AlreadyExists', 4], ['Invalid', 4], ['Forbidden', 4], ['Unauthorized', 4], ['NotLeader', 4],
    ['Unavailable', 1], ['Transient', 1], ['OutcomeUnknown', 1], ['RateLimited', 1], ['Quota', 1], ['Capacity', 1], ['Defect', 1],
  ];
  for (const [errorClass, exitCode] of classes) {
    it(`ends with ${exitCode} when the store answers ${errorClass}`, async () => {
      world.store.list = async () => {
        throw new ClassifiedError(errorClass, 'the store\nsays no', { mend: 'ask it\n  nicely' });
      };
      expect(await world.call('get hp')).to.deep.equal({ exitCode, stdout: '', stderr: 'error: the store says no\nmend: ask it nicely\n' });
      expect(world.closed()).to.equal(1);
    });
  }

  it('shows no stack of a defect unless it is asked to', async () => {
    world.composition.open = async () => {
      throw new TypeError('x is not a function');
    };
    const quiet = await world.call('get');
    expect(quiet).to.deep.equal({ exitCode: 1, stdout: '', stderr: 'error: x is not a function\nmend: this is a defect: run it again with KAMAL_AUTOSCALER_DEBUG=1 and report what it prints\n' });
    expect((await world.call('get', { env: { KAMAL_AUTOSCALER_DEBUG: '1' } })).stderr).to.match(/TypeError: x is not a function\n {4}at /);
  });
});

describe('validate', () => {
  let world: World;
  beforeEach(() => {
    world = createWorld();
  });

  it('prints one line a problem with its place, and fails', async () => {
    world.reading = {
      objects: [],
      problems: [
        { file: 'config/web.yaml', line: 12, column: 5, message: 'HostPool web: spec.replicas: Invalid value: 12:\nreplicas is greater than maxReplicas' },
        { file: 'config/policy.yaml', line: 3, message: 'ScalingPolicy web: spec.maxHosts: Required value' },
        { file: 'config/gone.yaml', message: 'no such file' },
      ],
    };
    expect(await world.call('validate config')).to.deep.equal({
      exitCode: 1, stderr: '',
      stdout: 'config/web.yaml:12:5: HostPool web: spec.replicas: Invalid value: 12: replicas is greater than maxReplicas\n'
        + 'config/policy.yaml:3: ScalingPolicy web: spec.maxHosts: Required value\n'
        + 'config/gone.yaml: no such file\n',
    });
  });

  it('counts good documents', async () => {
    await fillShop(world);
    world.reading = { objects: await world.store.list('HostPool'), problems: [] };
    expect(await world.call('validate config')).to.deep.equal({ exitCode: 0, stdout: '2 documents, no error\n', stderr: '' });
  });

  it('shows a warning, which fails nothing', async () => {
    world.reading = { objects: [], problems: [{ file: 'a.yaml', line: 1, column: 1, severity: 'Warning', message: 'HostPool web is in none of these files' }] };
    expect(await world.call('validate a.yaml')).to.deep.equal({ exitCode: 0, stdout: 'a.yaml:1:1: warning: HostPool web is in none of these files\n0 documents, no error\n', stderr: '' });
  });

  it('wants something to judge', async () => {
    expect((await world.call('validate')).exitCode).to.equal(2);
  });
});
