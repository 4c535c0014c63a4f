/** Name under which Kamal deploys a role to kamal-proxy: the `service` label of kamal-proxy's metrics and the name in its list. */
export function proxyServiceOf(role: { service: string; role: string; destination?: string }): string {
  return [role.service, role.role, role.destination].filter((part) => part !== undefined).join('-');
}
