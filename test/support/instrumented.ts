/** Makes every call of a port visible: before it has any effect, and after, with its answer still on the way. */

export interface PortCall {
  port: string;
  method: string;
  arguments: readonly unknown[];
}

export interface PortHooks {
  /** Called before the call; what it throws, the caller gets, and nothing has happened. */
  before?(call: PortCall): void | Promise<void>;
  /** Called after the call had its effect; what it throws, the caller gets instead of the answer: a lost reply. */
  after?(call: PortCall): void | Promise<void>;
}

/**
 * The same port with hooks around each method that answers with a promise. Other methods (`now`, `watch`, `observe`)
 * have no effect that could be half done, and pass through.
 */
export function instrumented<Port extends object>(name: string, port: Port, hooks: PortHooks): Port {
  return new Proxy(port, {
    get(target, property, receiver) {
      const method: unknown = Reflect.get(target, property, receiver);
      if (typeof method !== 'function' || typeof property !== 'string') return method;
      if (!asynchronous.has(property)) return method.bind(target);
      return async (...values: unknown[]) => {
        const call = { port: name, method: property, arguments: values };
        await hooks.before?.(call);
        const answer: unknown = await method.apply(target, values);
        await hooks.after?.(call);
        return answer;
      };
    },
  });
}

const asynchronous = new Set([
  // CloudProvider, Deployer, HostProbe, LoadBalancer
  'list', 'find', 'create', 'delete', 'price', 'problemOf', 'mark', 'inspect', 'evidence', 'start', 'reference', 'survives', 'up', 'preJoin', 'requests', 'inFlight', 'apply', 'confirm',
  // DeployLock
  'look', 'acquire', 'release',
  // Store, Documents, MetricsSource, DecisionLog
  'get', 'update', 'updateStatus', 'scale', 'ending', 'recordEvent', 'load', 'save', 'read', 'append', 'recent',
  // ProcessTable, HostControl
  'stop', 'facts', 'deploy', 'quiesce', 'resume',
]);
