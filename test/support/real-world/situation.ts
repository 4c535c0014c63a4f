/** The state of a real world in lines, for messages. */
import type { KamalHost } from '../../../controller/api/index.ts';
import type { World } from './world.ts';

export async function situationOf({ store, cloud, estate, controller }: Pick<World, 'store' | 'cloud' | 'estate' | 'controller'>, hosts: () => Promise<KamalHost[]>): Promise<string> {
  const lines = [
    ...(await store.list('ScalingPolicy', { from: 'Fresh' })).map(({ metadata, status }) => `policy ${metadata.name}: ${status?.currentHosts} hosts, ${status?.desiredHosts} wanted: ${status?.reason}`),
    ...(await store.list('HostPool', { from: 'Fresh' })).map(({ metadata, spec, status }) => `pool ${metadata.name}: replicas ${spec.replicas}, ${status?.state}: ${status?.reason}`),
    ...(await store.list('DeploySession', { from: 'Fresh' })).map(({ metadata, status }) => `session ${metadata.name}: ${JSON.stringify(status)}`),
    ...(await hosts()).map(({ metadata, spec, status }) => `host ${metadata.name}: ${status?.phase}, intent ${spec.intent}, ${status?.address}: ${status?.reason}`),
    `servers: ${[...cloud.project.servers.values()].map(({ id, name }) => `${id} ${name}`).join(', ')}`,
    `machines: ${estate.rack.hosts().map(({ name, isOn }) => `${name} ${isOn ? 'on' : 'off'}`).join(', ')}`,
    `calls of the cloud that failed: ${cloud.calls.filter(({ status }) => status === 'NoAnswer' || status >= 400).map(({ method, url, status }) => `${method} ${url} ${status}`).slice(-5).join(', ')}`,
  ];
  return [...lines, `--- ${controller.process.logFile}`, await controller.process.tail()].join('\n');
}
