"""Rules as data: their language, their catalogue, and the policy that selects and parametrises them."""
