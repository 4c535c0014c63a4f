import type { Simulator } from '../../cli/index.ts';
import { backtest } from './backtest.ts';
import { writePage } from './page.ts';

export const simulator: Simulator = { backtest, writePage };
