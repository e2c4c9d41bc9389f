timeout 60 npm exec -- node --no-warnings test/node/simulation/simulate.ts --seed $1
