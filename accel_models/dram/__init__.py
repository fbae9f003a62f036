"""DRAM memory controllers: a cycle-exact simulator behind the cost-model contract."""
