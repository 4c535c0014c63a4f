import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { extraVariable } from '../../../controller/act/deploy/kamal/app-names.ts';
import { SUPPORTED } from '../../../controller/act/deploy/kamal/project-checks.ts';
import { readKamalConfig } from '../../../controller/act/deploy/kamal/config-output.ts';
import { readDocuments } from '../../../controller/runtime/applier/index.ts';
import { deployFile, startKamalWorld } from '../../support/kamal-deployer/world.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'kamal.md'), 'utf8');
const block = (holds: string): string => [...page.matchAll(/```(?:yaml|sh)\n(.*?)```/gs)].map(([, code]) => code ?? '').find((code) => code.includes(holds)) ?? '';

describe('docs/kamal.md', () => {
  it('shows a pool and a policy that are accepted, and only recommend', () => {
    const { objects, errors } = readDocuments([{ name: 'docs/kamal.md', text: block('kind: HostPool') }]);
    expect(errors).to.deep.equal([]);
    expect(objects.map(({ admitted }) => ('mode' in admitted.spec ? admitted.spec.mode : admitted.kind))).to.deep.equal(['HostPool', 'Recommend']);
  });

  it('shows a line for deploy.yml that Kamal renders: own hosts first, then those of the file, then those of a run', async () => {
    const [, line = ''] = /^ {4}hosts: (.*)$/m.exec(block('JSON.parse')) ?? [];
    await using world = await startKamalWorld([]);
    await world.deployFile(deployFile(`web:\n    hosts: ${line}`));
    await world.stage.write('projects/app/config/autoscale.json', '{"web": ["10.0.0.7"]}');
    const { stdout } = await world.stage.kamal(['config'], { VERSION: 'v1', [extraVariable('web')]: '10.0.0.8,10.0.0.7' }, `${world.stage.folder}/projects/app`);
    expect(readKamalConfig(stdout)).to.include({ primaryHost: '10.0.0.2' }).and.to.have.property('hosts').that.deep.equals(['10.0.0.2', '10.0.0.7', '10.0.0.8']);
    expect(extraVariable('api-eu')).to.equal('KAMAL_AUTOSCALE_EXTRA_API_EU');
  });

  it('names the versions that the controller takes', () => {
    expect(page).to.include(`from ${SUPPORTED.from} up to, but not including, ${SUPPORTED.below}; ${SUPPORTED.tried} was tried`);
  });

  describe('shows a post-deploy hook', () => {
    const hook = block('/deployed');
    const run = (environment: Record<string, string>): Promise<{ code: number; stderr: string }> => new Promise((resolve) => {
      execFile('sh', ['-c', hook], { env: { PATH: process.env['PATH'], ...environment } }, (error, _stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stderr }));
    });
    const told = { KAMAL_SERVICE: 'shop', KAMAL_VERSION: 'v1', KAMAL_AUTOSCALER_DEPLOYED_TOKEN: 'told-nobody' };

    async function listen(): Promise<{ url: string; heard: string[]; close(): void }> {
      const heard: string[] = [];
      const server = createServer((request, response) => void text(request).then((body) => {
        heard.push(`${request.method} ${request.url} ${request.headers.authorization} ${body}`);
        response.writeHead(202).end();
      }));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard, close: () => server.close() };
    }

    it('that tells the controller, with the token in no argument', async () => {
      const { url, heard, close } = await listen();
      try {
        expect(await run({ ...told, KAMAL_AUTOSCALER_URL: url })).to.deep.equal({ code: 0, stderr: '' });
        expect(heard).to.deep.equal(['POST /deployed Bearer told-nobody service=shop&destination=&version=v1']);
        await run({ ...told, KAMAL_AUTOSCALER_URL: url, KAMAL_AUTOSCALER_OPERATION: 'web-1-deploy-x' });
        expect(heard, 'of its own work').to.have.length(1);
      } finally {
        close();
      }
    });

    it('that fails no deploy while the controller is away', async () => {
      const { code, stderr } = await run({ ...told, KAMAL_AUTOSCALER_URL: 'http://127.0.0.1:1' });
      expect(code).to.equal(0);
      expect(stderr).to.include('was not told');
    });
  });
});
