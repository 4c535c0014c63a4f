/** Whether this process may act. */
export interface Leadership {
  isLeader(): boolean;
  /** Calls back on each change. */
  onChange(listener: (leader: boolean) => void): void;
}
